from .hearing import sound_size as sound_size
from .page import report as report
