"""What speaks for a dial's scale ends and pointer. Written by `meter-infer train choices`."""

from meter_infer.reading.choice import ChoiceWeights

ENDS = ChoiceWeights(
    1.1900,
    (
        1.4400,  # start
        1.9100,  # end
        2.7200,  # weakest
        -1.4900,  # no_start
        -1.4000,  # no_end
        -0.3700,  # off_band
        0.2800,  # near_off_band
        -0.5400,  # leaning
        -1.5100,  # leaning_little
        1.7000,  # span
        0.4800,  # narrow
        0.7900,  # wide
        1.0700,  # three_quarters
        1.8400,  # evenness
        1.6800,  # ends
        -0.8500,  # beyond
        -2.4700,  # beyond_mean
        1.0200,  # between
        -2.7100,  # outside
        -0.5300,  # blank
    ),
)

POINTER = ChoiceWeights(
    1.1100,
    (
        3.9900,  # mask
        2.0700,  # tip
        -1.8300,  # tip_behind
        0.8000,  # ahead
        0.3700,  # behind
        2.1900,  # longer
        -1.4100,  # broad_tip
        -0.1400,  # broad_tail
        0.5300,  # tip_arm
        0.0700,  # has_tip
        -1.0800,  # off_scale
        -0.7000,  # far_off_scale
        -0.8500,  # bare
        -1.2800,  # round
        -2.1300,  # aside
        -0.0700,  # too_long
        0.6300,  # tip_apart
    ),
)
