"""Plans: what a city changes (`model`), read (`reading`), in words (`words`), and what holds when (`timetable`)."""
