"""The room of the course: tasks that are checked, hints, and numbers of one's own.

    from gladia_nb import course

    me = course.Student("Ada Lovelace")
    me.check("1a", 640)

The lessons are in `notebooks/course/`. Nothing that a student does here is sent anywhere.
"""

from gladia_nb.course.answers import Answer
from gladia_nb.course.showing import plot_guesses, watch
from gladia_nb.course.student import Student
from gladia_nb.course.worlds import World

__all__ = ["Answer", "Student", "World", "plot_guesses", "watch"]
