"""The console: pages for people, rendered here, that work without JavaScript.

It is loaded at the first request for one of its pages. It calls services, as a dialect does.
"""
