"""`make conformance`: the servers before clients and judges that others wrote.

On a machine with npm. The official Python client, the Inspector's command line and the conformance suite are run
against each server on its stand-in; a table tells what passed. Nothing here is installed with Mooring.
"""
