"""Files of weights: bare state dicts, the files of `gradcam-lab train`, the checkpoint of the EFEO exercise."""
