"""Views: what a student's function returns on a real picture, beside what the reference's returns."""
