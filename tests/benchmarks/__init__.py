"""Jämförelserna: kursens DQN, delar och rättare bredvid andras, i samma körning på samma dator."""
