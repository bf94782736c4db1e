"""TIDE's kinds of errors of a detector: `kinds` sorts its detections, `delta_ap` mends one kind after the other.

Source: Bolya, Foley, Hays and Hoffman, TIDE: A General Toolbox for Identifying Object Detection Errors, ECCV 2020,
https://arxiv.org/abs/2008.08115, and their toolbox tidecv 1.0.1.

They are not the kinds of `evaluate.error_types`. Those explain, for one class, each *object* that a weakly supervised
method did not find; TIDE explains each *detection* that is wrong, of all classes, and says what each kind costs.
"""
