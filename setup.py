"""The compiled part; setup.cfg has all the rest.

It is optional: where it cannot be built, NumPy does its work with the same results.
"""

import os
import sysconfig

from setuptools import Extension, setup

# without the GIL there is no stable ABI: the part does not compile there, and NumPy does the work
is_stable = not sysconfig.get_config_var("Py_GIL_DISABLED")
folder = "classifier/compiled"
files = "module", "features", "layout", "splitter", "words", "lines"
# no product and sum rounded as one, as NumPy rounds; other libraries see the module alone
flags = ["-O3", "-ffp-contract=off", "-fvisibility=hidden"]
setup(
    ext_modules=[Extension(
        "classifier._kernel", [f"{folder}/{name}.c" for name in files], optional=True,
        depends=[f"{folder}/kernel.h", f"{folder}/text.h"], py_limited_api=is_stable,
        extra_compile_args=flags if os.name == "posix" else [],
    )],
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if is_stable else {},
)
