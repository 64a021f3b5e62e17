# Kursen i en container, för den som hellre vill ha en sådan än en .venv. Byggd av lärarens mapp har den
# facit. Studenternas byggs i stället av den uppackade studentversionen (kurs.py release --zip):
#
#   docker build -t djup-q -f Dockerfile djup-q-inlarning
#
# Så används den:
#
#   docker build -t djup-q .
#   docker run --rm -p 8888:8888 -v "$PWD/mitt_arbete:/kurs/mitt_arbete" djup-q
#   docker run --rm -v "$PWD/klass:/klass" djup-q python kurs.py grade /klass/in.zip --out /klass/ut
#   docker build --build-arg DEL=dev -t djup-q-test . && docker run --rm djup-q-test python kurs.py test
FROM python:3.13-slim

# Inhägnaden runt studenternas kod behöver libseccomp.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libseccomp2 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 1000 elev \
    && mkdir /kurs /opt/kurs \
    && chown elev /kurs /opt/kurs
USER elev
WORKDIR /kurs

# kurs.py använder en aktiverad miljö som har kursen, och gör då ingen .venv.
ENV VIRTUAL_ENV=/opt/kurs PATH=/opt/kurs/bin:$PATH
RUN python -m venv /opt/kurs
COPY --chown=elev . .
# PyTorchs lilla version, utan CUDA. Delarna står i pyproject.toml.
ARG DEL=larare
RUN python -m pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu \
    -c constraints.txt -e ".[kurs,$DEL]"
# JupyterLab ska kunna nås från datorn utanför containern; adressen som skrivs har den nyckel som behövs.
RUN mkdir -p /home/elev/.jupyter \
    && echo 'c.ServerApp.ip = "0.0.0.0"' > /home/elev/.jupyter/jupyter_server_config.py

EXPOSE 8888
CMD ["python", "kurs.py", "--no-browser"]
