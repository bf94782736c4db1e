"""Files of weights: state dicts, the files of `gradcam-lab train`, the checkpoint of the EFEO exercise."""
