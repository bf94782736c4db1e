"""Where images and boxes come from: ToyVOC (made here) and folders in the VOC layout."""
