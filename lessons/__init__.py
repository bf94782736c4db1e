"""The course: one step, one stage, one file. Installed as `gradcam_lab.lessons`; imports nothing of the lab."""
