"""What can go wrong, as one tree.

    MeterInferError                 every error this package raises on purpose
    ├── ConfigError                 a site file, a calibration or an option that cannot be used
    │   └── CalibrationError        calibration points that do not form a function
    ├── SourceError                 a picture, video or stream that cannot be opened or decoded
    │   ├── SourceTimeout           a stream that did not answer in time
    │   └── SourceAuthError         a stream that refused the user name or password
    ├── ModelError                  a model that is missing, damaged, or not what the manifest says
    ├── BackendError                an inference engine that failed
    │   ├── NetworkFormatError      a network that the engine cannot make sense of
    │   ├── BackendUnavailable      an engine that is not installed; says what to install
    │   └── DeviceLost              a GPU that fell away: reset, out of memory, or silent
    ├── SinkError                   an output that cannot be written
    └── LabelError                  a label file of an evaluation or a data set that cannot be used

Every message is one sentence that says what to do about it. The command line prints it and
exits with 2; foreign errors are translated into these where they enter the package.
"""


class MeterInferError(Exception):
    """Base of every error raised on purpose by this package."""


class ConfigError(MeterInferError):
    """A site file, a calibration or an option cannot be used."""


class CalibrationError(ConfigError):
    """Calibration points do not form a function from position to value."""


class SourceError(MeterInferError):
    """A picture, video or stream cannot be opened or decoded."""


class SourceTimeout(SourceError):
    """A stream did not answer in time."""


class SourceAuthError(SourceError):
    """A stream refused the user name or password."""


class ModelError(MeterInferError):
    """A model is missing, damaged, or not what the manifest says."""


class BackendError(MeterInferError):
    """An inference engine failed."""


class NetworkFormatError(BackendError):
    """An inference engine cannot make sense of a network: its file is damaged, or of another kind."""


class BackendUnavailable(BackendError):
    """An inference engine is not installed; the message says what to install."""


class DeviceLost(BackendError):
    """A GPU fell away: it was reset, ran out of memory, or no longer answers."""


class SinkError(MeterInferError):
    """An output cannot be written."""


class LabelError(MeterInferError):
    """A label file of an evaluation or a data set cannot be used."""
