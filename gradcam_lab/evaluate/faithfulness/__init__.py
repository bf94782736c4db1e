"""Step 6 on a finished run: four tests of its heatmaps, each beside a centre map and a random map, with 95% intervals.

A test is passed where its differences to both baselines, image by image, have their intervals on the right side of 0.
The two-class test also asks it of the area, and of both directions. The randomised weights are the exception: there the
maps *should* end as unlike the real ones as a random map is, so the test is failed where they are demonstrably more
alike. The weights come from few seeds, over which the intervals, being over images, say nothing: see `by_seed`.
"""
