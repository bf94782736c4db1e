"""Teach: submissions to grades, and the examination of the course itself."""

from pathlib import Path
from typing import Annotated, Literal

from typer import Argument, Exit, Option, Typer

from gradcam_lab.cli.options import CourseOption, Json
from gradcam_lab.cli.output import resumable
from gradcam_lab.limits import MAX_JOBS, MAX_SEED

app = Typer()


@app.command()
def grade(
    folder: Annotated[
        Path,
        Argument(
            metavar="SUBMISSIONS_DIR",
            help="What was handed in: a folder of folders, archives or a platform's files, or the archive of all.",
        ),
    ],
    jobs: Annotated[int, Option(min=1, max=MAX_JOBS, help="Number of parallel workers.")] = 1,
    csv: Annotated[Path | None, Option(help="File to write a table to, as CSV.")] = None,
    gradescope: Annotated[Path | None, Option(help="File to write Gradescope's results.json to.")] = None,
    junit: Annotated[Path | None, Option(help="File to write JUnit XML to.")] = None,
    html: Annotated[
        Path | None, Option(help="Folder to write a page per student and an overview of the class to.")
    ] = None,
    written: Annotated[
        Path | None,
        Option(help="Folder of the sheets of written answers: to read, and to give points in, which are read back."),
    ] = None,
    seed: Annotated[
        int | None, Option(min=0, max=MAX_SEED, help="Random seed of the checks' cases.", show_default="a fresh one")
    ] = None,
    roster: Annotated[
        Path | None, Option(help="Table of the class as CSV, to know by ID, address or name whose a submission is.")
    ] = None,
    canvas: Annotated[Path | None, Option(help="File to write for the import into Canvas' gradebook.")] = None,
    moodle: Annotated[
        Path | None, Option(help="File to write for the import into Moodle, a grading worksheet.")
    ] = None,
    assignment: Annotated[str, Option(help="Name of the assignment in Canvas.")] = "gradcam-lab",
    due: Annotated[
        str | None, Option(metavar="TIME", help="When submissions are due, such as 2026-12-01T23:59.")
    ] = None,
    late: Annotated[
        str | None, Option(metavar="RULE", help="What lateness costs, such as 10%/day of all points, or 2/day.")
    ] = None,
    seconds: Annotated[float, Option(min=1, help="Limit of one check, in seconds of CPU time.")] = 10,
    memory: Annotated[float, Option(min=0.1, help="Memory limit of one check, in GiB.")] = 2,
    sandbox: Annotated[
        Literal["auto", "bwrap", "none"],
        Option(help="Run each submission in namespaces of its own (bubblewrap), or not; auto: where that works."),
    ] = "auto",
    only: Annotated[
        list[str] | None, Option(metavar="STUDENT", help="Grade only this student. Repeatable.", show_default="all")
    ] = None,
    retry: Annotated[
        bool, Option("--retry", help="Judge again whose checks timed out or crashed, or those whom --only names.")
    ] = False,
    course: CourseOption = None,
    json: Json = False,
) -> None:
    """Grade a folder of submissions; interrupted, the same command goes on."""
    from gradcam_lab.course.authoring.course import following
    from gradcam_lab.course.grading.exports import Exports
    from gradcam_lab.course.grading.grade import grade as grade_all
    from gradcam_lab.course.grading.hand_in import Gradebooks
    from gradcam_lab.course.grading.lateness import Deadline
    from gradcam_lab.course.judging.judge import Limits

    with resumable(), following(course):
        grade_all(
            folder=folder,
            jobs=jobs,
            requested=Exports(csv=csv, gradescope=gradescope, junit=junit, html=html, written=written),
            seed=seed,
            wall=sandbox,
            only=only or (),
            retry=retry,
            json=json,
            books=Gradebooks(canvas, moodle, roster, assignment),
            deadline=Deadline.parse(due, late),
            limits=Limits(seconds=seconds, memory=int(memory * 2**30)),
        )


@app.command()
def classroom(
    platform: Annotated[
        Literal["gradescope", "classroom50", "markus", "canvas", "moodle"], Argument(help="Learning platform.")
    ],
    out: Annotated[Path | None, Option(help="Folder to write to.", show_default="the platform's name")] = None,
    index: Annotated[
        str | None,
        Option(
            metavar="URL",
            help="Wheel index of torch's CPU build, for the platform's machine.",
            show_default="the one that make was given",
        ),
    ] = None,
    image: Annotated[str, Option(help="Classroom 50: container image in which gradcam-lab is installed.")] = "",
    visibility: Annotated[
        list[str] | None,
        Option(
            help="Gradescope: when students see results (visible, hidden, after_due_date, after_published), or "
            "TASK=WORD for one task. Repeatable.",
            show_default="visible",
        ),
    ] = None,
    seed: Annotated[
        int | None, Option(min=0, max=MAX_SEED, help="Random seed of the checks' cases.", show_default="a fresh one")
    ] = None,
    seconds: Annotated[float, Option(min=1, help="Limit of one check, in seconds of CPU time.")] = 10,
    course: CourseOption = None,
) -> None:
    """Make what a learning platform takes: an autograder, or how its gradebook gets the points."""
    from gradcam_lab.course.authoring.course import following
    from gradcam_lab.course.platforms.classroom import make

    with following(course):
        make(
            platform,
            out=out or Path(platform),
            index=index,
            image=image,
            visibility=visibility or [],
            seed=seed,
            seconds=seconds,
        )


@app.command()
def course(
    folder: Annotated[Path, Argument(help="Folder of your course.")],
    copy: Annotated[
        list[str] | None,
        Option(metavar="STEP", help="Also copy this step's lesson and checks, to change them. Repeatable."),
    ] = None,
) -> None:
    """Begin a course of your own: a course.toml with a comment on all that it may say."""
    from gradcam_lab.course.authoring.new_course import new_course

    new_course(folder, copy or [])


@app.command()
def verify(
    jobs: Annotated[int, Option(min=1, max=MAX_JOBS, help="Number of parallel workers.")] = 2,
    mutants: Annotated[
        bool,
        Option("--mutants", help="Also change each constant, operator and argument of the solutions: some minutes."),
    ] = False,
    course: CourseOption = None,
) -> None:
    """Examine the course itself: markers, points, hints, checks, and every answer of the gallery."""
    from gradcam_lab.course.authoring.course import following
    from gradcam_lab.course.judging.verify import verify as examine

    with following(course):
        if not examine(jobs=jobs, mutants=mutants):
            raise Exit(1)
