"""Photos to what was found in them: read ahead in threads, explained in batches, boxed in threads."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property, partial
from itertools import islice

import torch

from gradcam_lab.data.picture import Source, path_of
from gradcam_lab.errors import LabError
from gradcam_lab.evaluate.alignment.mirror import NO_SHIFT, aligned
from gradcam_lab.explain.known_shift import UNKNOWN, KnownShift, known_shift
from gradcam_lab.explain.locate.class_maps import ClassMap, ClassMapper
from gradcam_lab.explain.locate.found import Found, FoundClass
from gradcam_lab.explain.locate.read_ahead import THREADS, BadPhoto, ReadPhoto, ahead, read
from gradcam_lab.explain.locate.request import Request
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.make_maps import BATCH
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.models.memory import in_parts

Located = Found | BadPhoto
"""What came of one photo."""


class Locator:
    """Finds classes and their boxes in photos.

    Args:
        classifier: the network; it is moved to the best device.
        lessons: whose steps 2, 3 and 4 do it.
        request: what is asked for, settled.

    Raises:
        LabError: the network has no such class.
    """

    def __init__(self, classifier: Classifier, lessons: Lessons, request: Request) -> None:
        self.classifier, self.lessons, self.request = classifier, lessons, request
        self.mapper = ClassMapper(classifier, lessons, request.classes, request.top, request.how.recipe)
        self.detector = Detector(lessons, request.how, request.min_area)
        self.batch = classifier.batch or BATCH

    @cached_property
    def known(self) -> KnownShift:
        """How far the maps lie beside what the network means; nothing where that is not asked."""
        if self.request.align == "off":
            return UNKNOWN
        return known_shift(self.classifier, self.lessons, self.request.how.recipe)

    def locate(self, sources: Iterable[Source]) -> Iterator[Located]:
        """Find what is in each photo, in order; a photo that cannot be used is returned as such."""
        for found in self.stream(batched(sources, self.batch)):
            yield from found

    def stream(self, batches: Iterable[Sequence[Source]]) -> Iterator[list[Located]]:
        """Yield what came of each batch.

        Photos are read a few batches ahead of the network, and boxes are found while it works on the next batch, so no
        more than a few batches are in the memory. A photo's numbers can depend in their last bits on which others are
        in its batch, and on nothing else.

        Raises:
            LabError: the network's answer for a photo is not finite.
        """
        reading = partial(read, preprocessing=self.classifier.preprocessing, small=self.request.how.needs_image)
        pool, boxing = ThreadPoolExecutor(THREADS), deque[list[Future[Located]]]()
        try:
            for photos in ahead(pool, batches, reading):
                maps = iter(self._maps([photo for photo in photos if isinstance(photo, ReadPhoto)]))
                boxing.append(
                    [
                        pool.submit(self._boxed, photo, next(maps)) if isinstance(photo, ReadPhoto) else _done(photo)
                        for photo in photos
                    ]
                )
                if len(boxing) > 1:
                    yield [future.result() for future in boxing.popleft()]
            while boxing:
                yield [future.result() for future in boxing.popleft()]
        finally:
            pool.shutdown(cancel_futures=True)

    def _maps(self, photos: Sequence[ReadPhoto]) -> list[list[ClassMap]]:
        if not photos:
            return []
        try:
            parts = in_parts(lambda some: self.mapper(torch.stack([photo.inputs for photo in some])), photos)
        except ValueError as error:
            first = path_of(photos[0].source)
            raise LabError(
                f"The outputs of '{self.classifier.name}' for '{first}' or a neighbour {error}: check the weights."
            ) from error
        return [maps for part in parts for maps in part]

    def _boxed(self, photo: ReadPhoto, maps: Sequence[ClassMap]) -> Found:
        threshold = self.request.cut_at
        lesson, shift = self.lessons.faithfulness, self.request.shift or NO_SHIFT
        boxes = [
            self.detector.detect(aligned(lesson, one.cam, shift), photo.size, one.probability, threshold, photo.small)
            for one in maps
        ]
        classes = tuple(FoundClass(*one, found) for one, found in zip(maps, boxes, strict=True))
        return Found(photo.source, photo.size, classes, threshold)


def batched(items: Iterable, count: int) -> Iterator[list]:
    """Yield so many items at a time; the last time what is left.

    Examples:
        >>> list(batched("abcde", 2))
        [['a', 'b'], ['c', 'd'], ['e']]
    """
    iterator = iter(items)
    while batch := list(islice(iterator, count)):
        yield batch


def _done(photo: BadPhoto) -> "Future[Located]":
    future: Future[Located] = Future()
    future.set_result(photo)
    return future
