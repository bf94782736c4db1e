# An image for grading on a CPU; the page of an instructor's first hour has the command that runs it.
#
#     docker build --build-arg INDEX=URL --tag gradcam-lab .
#
# URL is the wheel index of torch's CPU build, as for `make run INDEX=URL`; without it torch's build for CUDA is taken,
# which is 2.6 GB larger and computes the same.

FROM python:3.13-slim AS build
ARG INDEX=
WORKDIR /source
RUN python -m venv /opt/venv
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY scripts scripts
RUN /opt/venv/bin/python scripts/torch_build.py ${INDEX}
COPY gradcam_lab gradcam_lab
COPY lessons lessons
COPY templates templates
# setuptools stays, because torch asks for it.
RUN /opt/venv/bin/python -m pip install --no-cache-dir setuptools==84.2.1 \
    && /opt/venv/bin/python -m pip install --no-cache-dir --no-build-isolation --constraint constraints.txt . \
    && /opt/venv/bin/python -m compileall -q /opt/venv/lib/python3.13/site-packages/gradcam_lab \
    && /opt/venv/bin/python -m pip uninstall --yes pip

FROM python:3.13-slim
# bubblewrap, where the container may make namespaces, stands between the submissions; the container alone does not.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends bubblewrap \
    && rm -rf /var/lib/apt/lists/* \
    && python -m pip uninstall --yes pip \
    && useradd --create-home --uid 1000 lab \
    && install --directory --owner lab /out
COPY --from=build /opt/venv /opt/venv
# What gradings remember lies beside what they write, in the one folder that need be writable.
ENV PATH=/opt/venv/bin:$PATH \
    GRADCAM_LAB_STATE=/out/.gradcam-lab \
    GRADCAM_LAB_CACHE=/tmp/gradcam-lab \
    MPLCONFIGDIR=/tmp/matplotlib \
    PYTHONDONTWRITEBYTECODE=1
USER lab
WORKDIR /out
ENTRYPOINT ["gradcam-lab"]
CMD ["--help"]
