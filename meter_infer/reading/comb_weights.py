"""What tells a graduation from other combs. Written by `meter-infer train graduations`."""

from meter_infer.reading.tube_comb import CombWeights

COMB = CombWeights(
    -3.3722,
    (
        0.9362,  # evenness
        0.5982,  # fainter_end
        0.3017,  # clearer_end
        -1.4733,  # beyond
        -1.4805,  # residual
        -0.5294,  # few_teeth
        0.5666,  # many_teeth
        -0.0892,  # straight
        0.0276,  # straight_wider
        1.4504,  # room
        -0.0881,  # fine
        -2.0896,  # lean
        0.3421,  # at_start
        -1.0550,  # at_end
        -0.0942,  # at_worse
        0.5643,  # near_start
        -0.8077,  # near_end
        0.1174,  # near_worse
        0.9193,  # at_tube_ends
        0.4178,  # inside_foot
        0.8635,  # inside_head
        -0.5534,  # finer_one
        1.8982,  # confirmed
        0.6563,  # short_end
        -0.4633,  # long_end
        -2.9163,  # shift
        0.3377,  # told_start
        0.7377,  # told_end
        2.9457,  # told_worse
        0.2608,  # told_sure
        0.0000,  # untold
    ),
)
