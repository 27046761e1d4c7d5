"""NumPy on the processor's vectors: arithmetic, functions, linear algebra, transforms, sorting; checksums of every bit."""

import hashlib

import numpy as np


def show(name, array):
    array = np.ascontiguousarray(array)
    if array.dtype.kind in "fc":
        array = np.where(np.isnan(array), 1, array)  # the sign of a NaN is nobody's promise
    print(name, array.dtype, array.shape, hashlib.sha256(array.tobytes()).hexdigest())


random = np.random.default_rng(20261123)
for kind in ("i1", "u2", "i4", "u8", "f4", "f8"):
    a = (random.standard_normal(3001) * 100).astype(kind)
    b = (random.standard_normal(3001) * 90 + 200).astype(kind)
    show("sum", a + b), show("product", a * b), show("compare", a < b), show("minimum", np.minimum(a, b))
    show("sorted", np.sort(a)), show("order", np.argsort(b, kind="stable")), show("running", np.cumsum(a)), show("dot", np.dot(a, b))
    if kind[0] == "f":
        show("quotient", a / b), show("root", np.sqrt(np.abs(a))), show("floor", np.floor(a)), show("total", np.sum(a * b))
        for function in (np.exp, np.log1p, np.sin, np.cos, np.tanh, np.arctan, np.cbrt, np.exp2):
            show(function.__name__, function(np.abs(a) / 50))
    else:
        show("quotient", a // b.clip(1)), show("shift", a >> 1), show("bits", a ^ b)
show("half", random.standard_normal(1000).astype("f2") * np.float16(1.5))
m = random.standard_normal((40, 40))
show("matrix product", m @ m.T), show("solution", np.linalg.solve(m, m[0])), show("values", np.linalg.eigvalsh(m @ m.T))
show("transform", np.fft.fft(random.standard_normal(1024))), show("real transform", np.fft.irfft(np.fft.rfft(m)))
show("complex", (m + 1j * m.T) * (m - 2j)), show("einsum", np.einsum("ij,jk->ki", m, m)), show("median", np.median(m, axis=0))
show("integers", random.integers(0, 1 << 60, 1000)), show("permutation", random.permutation(1000))
