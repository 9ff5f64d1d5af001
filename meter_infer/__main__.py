"""`python -m meter_infer`: the same as `meter-infer`."""

from meter_infer.cli.main import main

if __name__ == "__main__":
    main()
