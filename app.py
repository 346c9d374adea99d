"""The Chalice app: registers the routes and the event Lambdas, and nothing else."""

from chalice.app import Chalice

from chalicelib.entrypoints.http import register_routes

app = Chalice(app_name="phonebook", configure_logs=False)
register_routes(app)
