"""Fits the voxels that the bench wrote with scipy's bounded least_squares and with DIPY's IVIM.

    python fit.py FOLDER SCIPY_VOXELS DIPY_VOXELS

FOLDER holds protocol.json and float64 samples, sample-major: t2-ivim-kurtosis.f64 and ivim.f64. The versions of the
packages that are there are printed as JSON; then each line of standard input names one, whose fit is made, and
answered with "true" once it is done.
"""

import json
import sys
import warnings
from importlib import import_module
from pathlib import Path

try:
    import numpy as np
except ImportError:
    print("{}")
    sys.exit()


def t2_ivim_kurtosis(b, te):
    """The signal and its Jacobian; parameters: S0 f Dv T2v Dt K T2t."""

    def parts(p):
        s0, f, dv, t2v, dt, k, t2t = p
        vascular = np.exp(-b * dv - te / t2v)
        tissue = np.exp(-b * dt + k * (b * dt) ** 2 / 6 - te / t2t)
        return vascular, tissue

    def signal(p):
        vascular, tissue = parts(p)
        return p[0] * (p[1] * vascular + (1 - p[1]) * tissue)

    def jacobian(p):
        s0, f, dv, t2v, dt, k, t2t = p
        vascular, tissue = parts(p)
        v, t = s0 * f * vascular, s0 * (1 - f) * tissue
        return np.column_stack(
            [
                f * vascular + (1 - f) * tissue,
                s0 * (vascular - tissue),
                -b * v,
                te / t2v**2 * v,
                (-b + k * b**2 * dt / 3) * t,
                (b * dt) ** 2 / 6 * t,
                te / t2t**2 * t,
            ]
        )

    return signal, jacobian


def scipy_fit(setup, voxels):
    from scipy.optimize import least_squares

    signal, jacobian = t2_ivim_kurtosis(*(np.array(setup["protocol"][name]) for name in ("b", "TE")))
    lower, upper = np.array(setup["lower"]), np.array([np.inf if x is None else x for x in setup["upper"]])
    start = np.array(setup["start"])

    def run():
        for y in voxels:
            start[0] = np.clip(y.max() * 2, lower[0], upper[0])
            least_squares(lambda p: signal(p) - y, start, jac=jacobian, bounds=(lower, upper), x_scale="jac")

    return run


def dipy_fit(setup, voxels):
    from dipy.core.gradients import gradient_table
    from dipy.reconst.ivim import IvimModel

    b = np.array(setup["protocol"]["b"], dtype=float)
    directions = np.tile([1.0, 0.0, 0.0], (len(b), 1))
    directions[b == 0] = 0
    model = IvimModel(gradient_table(b, bvecs=directions, b0_threshold=0), fit_method="trr")
    return lambda: model.fit(voxels)


def main():
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    setups = json.loads((folder / "protocol.json").read_text())
    versions, fits = {}, {}
    for package, make, name, count in (
        ("scipy", scipy_fit, "t2-ivim-kurtosis", int(sys.argv[2])),
        ("dipy", dipy_fit, "ivim", int(sys.argv[3])),
    ):
        rows = len(setups[name]["protocol"]["b"])
        voxels = np.fromfile(folder / f"{name}.f64").reshape(rows, -1).T[:count]
        try:
            fits[package] = make(setups[name], voxels)
            versions[package] = import_module(package).__version__
        except ImportError:
            continue
    print(json.dumps(versions), flush=True)
    for line in sys.stdin:
        fits[line.strip()]()
        print("true", flush=True)


main()
