"""Fits the voxels that the bench wrote with scipy's bounded least_squares and DIPY's IVIM; prints voxels/s as JSON.

    python fit.py FOLDER

FOLDER holds protocol.json and float64 samples, sample-major: t2-ivim-kurtosis.f64 and ivim.f64.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np

folder = Path(sys.argv[1])
setup = json.loads((folder / "protocol.json").read_text())
result = {}


def samples(name, rows):
    return np.fromfile(folder / f"{name}.f64").reshape(rows, -1).T


def t2_ivim_kurtosis(b, te):
    """The residual-free signal and its Jacobian, scaled parameters: S0 f Dv T2v Dt K T2t."""

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


try:
    import scipy
    from scipy.optimize import least_squares

    model = setup["t2-ivim-kurtosis"]
    b, te = np.array(model["protocol"]["b"]), np.array(model["protocol"]["TE"])
    signal, jacobian = t2_ivim_kurtosis(b, te)
    lower, upper = np.array(model["lower"]), np.array([np.inf if x is None else x for x in model["upper"]])
    start = np.array(model["start"])
    voxels = samples("t2-ivim-kurtosis", len(b))[: model["python_voxels"]]
    residual = np.empty(len(voxels))
    began = time.perf_counter()
    for i, y in enumerate(voxels):
        start[0] = np.clip(y.max() * 2, lower[0], upper[0])
        fit = least_squares(
            lambda p: signal(p) - y, start, jac=lambda p: jacobian(p), bounds=(lower, upper), x_scale="jac"
        )
        residual[i] = 2 * fit.cost
    rate = len(voxels) / (time.perf_counter() - began)
    result["scipy"] = {"version": scipy.__version__, "rate": rate, "residual": residual.tolist()}
except ImportError as error:
    result["scipy"] = {"missing": str(error)}

try:
    import dipy
    from dipy.core.gradients import gradient_table
    from dipy.reconst.ivim import IvimModel

    model = setup["ivim"]
    b = np.array(model["protocol"]["b"], dtype=float)
    directions = np.tile([1.0, 0.0, 0.0], (len(b), 1))
    directions[b == 0] = 0
    voxels = samples("ivim", len(b))[: model["python_voxels"]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ivim = IvimModel(gradient_table(b, bvecs=directions, b0_threshold=0), fit_method="trr")
        began = time.perf_counter()
        ivim.fit(voxels)
        rate = len(voxels) / (time.perf_counter() - began)
    result["dipy"] = {"version": dipy.__version__, "rate": rate}
except ImportError as error:
    result["dipy"] = {"missing": str(error)}

print(json.dumps(result))
