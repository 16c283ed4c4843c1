"""Prints what TensorBoard reads of a folder of event files, as JSON. Needs the packages tensorboard and numpy."""
import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

events = EventAccumulator(sys.argv[1], size_guidance={'images': 0, 'histograms': 0, 'scalars': 0})
events.Reload()
tags = events.Tags()
print(json.dumps({
    'scalars': {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in tags['scalars']},
    'images': {tag: [[e.step, e.width, e.height, e.encoded_image_string[:4].hex()] for e in events.Images(tag)] for tag in tags['images']},
    'histograms': {tag: [[e.step, e.histogram_value.num, e.histogram_value.min, e.histogram_value.max, sum(e.histogram_value.bucket)] for e in events.Histograms(tag)] for tag in tags['histograms']},
}))
