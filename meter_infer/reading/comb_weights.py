"""What tells a graduation from other combs. Written by `meter-infer train graduations`."""

from meter_infer.reading.tube_comb import CombWeights

COMB = CombWeights(
    -3.4679,
    (
        0.5191,  # evenness
        0.8897,  # fainter_end
        -0.1765,  # clearer_end
        -1.1668,  # beyond
        -1.7846,  # residual
        -0.9102,  # few_teeth
        -0.1594,  # many_teeth
        0.0615,  # straight
        0.4057,  # straight_wider
        0.6525,  # room
        1.6468,  # fine
        -2.0612,  # lean
        -0.9171,  # at_start
        -0.9131,  # at_end
        -0.3002,  # at_worse
        1.2683,  # near_start
        0.6553,  # near_end
        0.3708,  # near_worse
        1.9432,  # at_tube_ends
        0.0867,  # inside_foot
        0.6244,  # inside_head
        -1.3245,  # finer_one
        1.5402,  # confirmed
        0.3819,  # short_end
        -0.5188,  # long_end
        -1.9923,  # shift
        0.8906,  # told_start
        0.6300,  # told_end
        6.2938,  # told_worse
        -0.8319,  # told_sure
        0.0000,  # untold
    ),
)
