"""`make simulate`: what the statistics promise, tried in rehearsals of the controller's own decisions."""
