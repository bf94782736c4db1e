"""The files of `locate`: what was found, photo by photo, in several formats; nothing of a photo is kept."""
