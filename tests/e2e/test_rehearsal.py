"""The packaged stack on the embedded AWS, from its first deployment to its last.

One stack, and one test behind the other: each leaves it as the next one needs it.
"""

import csv
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import boto3
import psutil
import pytest

from chalicelib.dialects.messente import MESSENTE
from chalicelib.settings import LOOPBACK_VARIABLE
from infra.aws.package import BUILD
from infra.rehearsal import STAGE, RehearsalError, rehearsal
from tests.e2e.test_dev import SOMEBODY_WORKS_ON_AWS, lines_beginning, paste
from tests.forms import post_form
from tests.gateway_answers import assert_is_an_error_in_every_dialect
from tests.leaks import ISSUED_SECRETS, leaks_in
from tests.openapi import assert_is
from tests.paths import PROJECT
from tests.patience import await_true
from tests.served import Client
from tests.webhooks.receivers import receiving, status

CONTACTS = "/v1/phonebook/contacts"
GROUPS = "/v1/phonebook/groups"
ROWS_OF_JOB = 10_000
DEAD_LETTERS = ("of counting", "of changes", "of webhooks", "of the clean-up", "of jobs")

SUITES = (
    "tests/contract/test_messente_sdk.py",
    "tests/contract/test_phonebook_api_sdk.py",
    "tests/contract/test_messagebird_sdk.py",
    "tests/e2e/test_readme.py",
    "tests/e2e/test_dialect_pages.py",
)
"""What is shown of the app that `make dev` serves, shown once more through API Gateway."""


class Stack:
    """The rehearsed stack, as these tests look at it."""

    def __init__(self, rehearsed, words):
        self.rehearsed = rehearsed
        self.first_words = words
        self.endpoint = rehearsed.environment["AWS_ENDPOINT_URL"]

    def client_of(self, service):
        session = boto3.Session("local", "local", region_name="eu-west-1")
        return session.client(service, endpoint_url=self.endpoint)

    def open_account(self, *options):
        issued = self.rehearsed.open_account(*options)
        client = Client(issued["url"], issued["account"], issued["username"], issued["secret"])
        ISSUED_SECRETS.update({issued["secret"], client.basic.removeprefix("Basic ")})
        return client

    def resources(self, kind):
        described = self.client_of("cloudformation").describe_stack_resources(
            StackName=f"phonebook-{STAGE}"
        )
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in described["StackResources"]
            if each["ResourceType"] == kind
        }


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """The stack, with a clean-up as often as EventBridge can."""
    with rehearsal(tmp_path_factory.mktemp("rehearsal")) as rehearsed:
        yield Stack(rehearsed, rehearsed.deploy("'CleanUpSchedule=rate(1 minute)'"))


@pytest.fixture(scope="module")
def client(stack):
    return stack.open_account()


@pytest.fixture(scope="module")
def due(stack):
    """Someone whose one contact outside groups is due at once, and whose other never is."""
    client = stack.open_account("--retention-days", "0")
    group = client.send("POST", GROUPS, {"name": "Kept"}).json["group"]["id"]
    for number in ("+37251000000", "+37251000001"):
        client.send("POST", CONTACTS, {"phoneNumber": number})
    client.send("POST", f"{GROUPS}/{group}/contacts/+37251000001")
    return client


def count_of(client, group):
    return client.send("GET", f"{GROUPS}/{group}").json["group"]["contactsCount"]


def test_rehearsal_that_is_kept_is_ready_until_ctrl_c(tmp_path):
    ready = BUILD / "rehearsal.json"
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.rehearsal"],
            cwd=PROJECT, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        await_true(lambda: ready.exists() or process.poll() is not None)
        said = json.loads(ready.read_text())
        assert set(said) == {"url", "account", "username", "secret", "token", "environment"}
        assert ready.stat().st_mode & 0o077 == 0
        ISSUED_SECRETS.add(said["secret"])
        client = Client(said["url"], said["account"], said["username"], said["secret"])
        assert client.send("GET", CONTACTS).status == 200
        await_true(lambda: "Ctrl-C ends it" in (tmp_path / "log").read_text())
        printed = (tmp_path / "log").read_text()
        (line,) = lines_beginning("environment=", printed)
        assert said["account"] in paste(line, **SOMEBODY_WORKS_ON_AWS).replace("\n", "")
        assert "PHONEBOOK_TABLE=" not in printed
        children = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
    assert process.returncode == 0
    assert not ready.exists()
    await_true(lambda: not any(child.is_running() for child in children))
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_deployment_shows_what_changes_before_and_where_it_answers_after(stack, due):
    said = stack.first_words
    changes, _, after = said.partition("Deploying ...")

    assert "PhonebookTable" in changes
    assert "AWS::DynamoDB::Table" in changes
    assert f"answers at {stack.rehearsed.outputs['Url']}" in after
    assert f"export PHONEBOOK_TABLE={stack.rehearsed.outputs['TableName']}" in after
    assert "there is nothing to change" in stack.rehearsed.deploy()


def test_smoke_test_leaves_no_account_behind(stack, due):
    listed = json.loads(
        stack.rehearsed.run(
            "chalicelib.cli", "accounts", "list", "--json",
            PHONEBOOK_TABLE=stack.rehearsed.outputs["TableName"],
        )
    )  # fmt: skip

    assert due.account in {account["account"] for account in listed}
    assert "Smoke test" not in {account["name"] for account in listed}


@pytest.mark.parametrize("suite", SUITES)
def test_suite_of_development_passes_through_api_gateway(stack, due, suite):
    outputs = stack.rehearsed.outputs
    rehearsed = {"endpoint": stack.endpoint, "table": outputs["TableName"], "url": outputs["Url"]}

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--no-cov", "-p", "no:cacheprovider", suite],
        cwd=PROJECT,
        env=os.environ | {"PHONEBOOK_REHEARSED": json.dumps(rehearsed)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_counts_follow_through_the_stream_mapping(client):
    group = client.send("POST", GROUPS, {"name": "Friends"}).json["group"]["id"]
    numbers = [f"+3725100001{last}" for last in range(4)]
    for number in numbers:
        client.send("POST", CONTACTS, {"phoneNumber": number})
        assert client.send("POST", f"{GROUPS}/{group}/contacts/{number}").status == 201
    client.send("DELETE", f"{GROUPS}/{group}/contacts/{numbers[0]}")
    client.send("DELETE", f"{CONTACTS}/{numbers[1]}")

    await_true(lambda: count_of(client, group) == 2)


def test_contact_is_found_and_forgotten_through_the_stream_mapping(stack):
    client = stack.open_account()
    for last, name in enumerate(["Jüri Tamm", "Mari Tamm", "Mari Mägi"]):
        person = dict(zip(("firstName", "lastName"), name.split(), strict=True))
        client.send("POST", "/v2/contacts", {"phoneNumber": f"+3725200000{last}", **person})

    def found(text):
        answer = client.send("GET", f"/v2/contacts?q={quote(text)}")
        return [each["phoneNumber"][-1] for each in answer.json["contacts"]]

    await_true(lambda: found("tamm") == ["0", "1"])
    await_true(lambda: found("magi") == ["2"])
    assert (found("juri ta"), found("0001")) == (["0"], ["1"])
    client.send("PATCH", "/v2/contacts/+37252000000", {"lastName": "Kask"})
    client.send("POST", "/v2/contacts/+37252000001/erase", {})
    assert found("tamm") == []
    await_true(lambda: found("kask") == ["0"])


def test_change_is_told_through_the_stream_the_bus_and_the_queue(stack):
    """In the feed, and to a webhook, by each Lambda with its own role."""
    client = stack.open_account()
    with receiving(status("204 No Content")) as receiver, receivers_may_be_here(stack):
        hook = client.send("POST", "/v2/webhooks", {"url": receiver.url}).json
        begun = client.send("GET", "/v2/changes?after=now").json["next"]
        created = client.send("POST", "/v2/contacts", {"phoneNumber": "+37253000000"}).json
        client.send("DELETE", "/v2/contacts/+37253000000")
        await_true(lambda: len(receiver.requests) >= 2)
        deliveries = client.send("GET", f"/v2/webhooks/{hook['id']}/deliveries").json["deliveries"]

    def told_since():
        return client.send("GET", f"/v2/changes?after={begun}").json["changes"]

    await_true(lambda: len(told_since()) >= len(sent_by(receiver)))
    told = told_since()
    subject = {"contact": created["id"]}
    assert {(each["type"], each["source"]) for each in told} == {
        ("contact.created", "v2.create_contact"),
        ("contact.deleted", "v2.delete_contact"),
    }
    assert [each["subject"] for each in told] == [subject] * len(told)
    assert {each["messageId"] for each in deliveries} <= {each["id"] for each in told}
    assert sent_by(receiver) == {"contact.created", "contact.deleted"}


def sent_by(receiver):
    bodies = (request.partition(b"\r\n\r\n")[2] for request in receiver.requests)
    return {json.loads(body)["type"] for body in bodies}


@contextmanager
def receivers_may_be_here(stack):
    """Let webhooks be on this machine, which no stack on AWS allows."""
    functions = stack.client_of("lambda")
    of_stack = stack.resources("AWS::Lambda::Function")
    names = [of_stack[each] for each in ("APIHandler", "WebhookSender")]
    before = {
        name: functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        for name in names
    }
    for name, variables in before.items():
        changed = {**variables, LOOPBACK_VARIABLE: "yes"}
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": changed}
        )
    try:
        yield
    finally:
        for name, variables in before.items():
            functions.update_function_configuration(
                FunctionName=name, Environment={"Variables": variables}
            )


def test_file_goes_in_and_out_as_jobs(stack):
    """10,000 rows: through the form, the bucket, the queues and each Lambda with its own role."""
    client = stack.open_account()
    group = client.send("POST", "/v2/groups", {"name": "All"}).json["id"]
    numbers = [f"+37252{index:06d}" for index in range(ROWS_OF_JOB - 2)]
    rows = "".join(f"{number},Any,New\n" for number in numbers)
    content = f"Phone,First name,Groups\n{rows}12,Faulty,New\n{numbers[0]},Any,New\n"
    job = client.send("POST", "/v2/imports", {"group": group}).json

    assert post_form(job["upload"]["url"], job["upload"]["fields"], content) == 204
    done = ended(client, f"/v2/imports/{job['id']}")

    assert (done["state"], done["rows"]) == ("done", ROWS_OF_JOB), done
    counted = {outcome: count for outcome, count in done["outcomes"].items() if count}
    assert counted == {"created": ROWS_OF_JOB - 2, "rejected": 1, "duplicate": 1}
    with urlopen(done["results"]["url"]) as answer:
        results = list(csv.DictReader(answer.read().decode("utf-8-sig").splitlines()))
    assert [int(row["line"]) for row in results] == list(range(2, ROWS_OF_JOB + 2))
    with urlopen(done["rejected"]["url"]) as answer:
        assert answer.read().decode("utf-8-sig").splitlines()[1].startswith("12,Faulty,New,")

    exported = client.send("POST", "/v2/exports", {"group": group}).json
    done = ended(client, f"/v2/exports/{exported['id']}")
    assert (done["state"], done["entries"]) == ("done", len(numbers))
    with urlopen(done["file"]["url"]) as answer:
        lines = answer.read().decode("utf-8-sig").splitlines()
    assert [line.partition(",")[0] for line in lines[1:]] == numbers


def ended(client, path):
    job = {}

    def has_ended():
        job.update(client.send("GET", path).json)
        return job["state"] in {"done", "failed", "cancelled"}

    await_true(has_ended)
    return job


@pytest.mark.parametrize("path", ["/", "/nothing", "/v1/phonebook/no/such/path", "/v1"])
def test_unknown_path_and_wrong_method_are_answered_by_our_own_code(client, path):
    for method in ("GET", "PUT"):
        answer = client.send(method, path)
        assert answer.status == 404
        assert_is(MESSENTE, "Error", answer.body)
        assert client.send(method, path, headers={"Authorization": None}).status == 401
    assert client.send("DELETE", CONTACTS).status == 405


def test_lambda_is_refused_a_call_that_its_policy_lacks(stack, client):
    iam = stack.client_of("iam")
    role = stack.resources("AWS::IAM::Role")["ApiHandlerRole"]
    policy = iam.get_role_policy(RoleName=role, PolicyName="phonebook")["PolicyDocument"]
    without = json.loads(json.dumps(policy))
    without["Statement"][0]["Action"].remove("dynamodb:Query")
    number = {"phoneNumber": "+37251000020"}

    iam.put_role_policy(RoleName=role, PolicyName="phonebook", PolicyDocument=json.dumps(without))
    assert client.send("GET", CONTACTS).status == 503
    assert client.send("POST", CONTACTS, number).status == 201

    iam.put_role_policy(RoleName=role, PolicyName="phonebook", PolicyDocument=json.dumps(policy))
    assert client.send("GET", CONTACTS).status == 200


def test_no_request_fails_while_a_setting_changes(stack, client):
    """The embedded AWS breaks off what a Lambda does when its own settings change, as AWS does
    not: this changes the API's and the alarms', and the next test the Lambdas'."""
    before = stack.rehearsed.outputs
    topic = "arn:aws:sns:eu-west-1:000000000000:operators"

    with requests_running(client) as statuses:
        said = stack.rehearsed.deploy(f"ThrottlingRate=300 AlarmTopicArn={topic}")

    assert "Modify  RestAPIapiStage" in said
    assert "PhonebookTable" not in said.partition("Deploying ...")[0]
    assert stack.rehearsed.outputs == before
    (alarm,) = stack.client_of("cloudwatch").describe_alarms(
        AlarmNames=[stack.resources("AWS::CloudWatch::Alarm")["LatencyAlarm"]]
    )["MetricAlarms"]
    assert alarm["AlarmActions"] == [topic]
    assert len(statuses) > 20
    assert set(statuses) == {200}


def test_changed_setting_reaches_the_lambdas(stack, client):
    stack.rehearsed.deploy("LogLevel=DEBUG")

    for name in stack.resources("AWS::Lambda::Function").values():
        settings = stack.client_of("lambda").get_function_configuration(FunctionName=name)
        assert settings["Environment"]["Variables"]["POWERTOOLS_LOG_LEVEL"] == "DEBUG"
    assert client.send("GET", CONTACTS).status == 200


@contextmanager
def requests_running(client):
    """Send requests from two threads all the while, and collect what they are answered."""
    statuses, stopping = [], threading.Event()

    def send():
        while not stopping.is_set():
            try:
                statuses.append(client.send("GET", CONTACTS).status)
            except (OSError, HTTPException) as error:
                statuses.append(repr(error))

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def test_refused_parameter_and_unwanted_change_change_nothing(stack):
    with pytest.raises(RehearsalError, match="LogLevel") as refused:
        stack.rehearsed.deploy("LogLevel=LOUD")
    assert "Traceback" not in str(refused.value)
    with pytest.raises(RehearsalError, match="nobody is there to answer"):
        stack.rehearsed.deploy("LogLevel=ERROR", "--set=LogLevel=ERROR")
    assert "there is nothing to change" in stack.rehearsed.deploy()


def test_gateway_answers_throttled_requests_in_the_shape_of_every_dialect(stack, client):
    """The embedded API Gateway does not read its own answers from the API's body: put them."""
    gateway = stack.client_of("apigateway")
    api = stack.rehearsed.outputs["RestAPIId"]
    template = json.loads((stack.rehearsed.build / STAGE / "template.json").read_text())
    body = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    for kind, answer in body["x-amazon-apigateway-gateway-responses"].items():
        settings = {key: answer[key] for key in ("responseParameters", "responseTemplates")}
        if "statusCode" in answer:
            settings["statusCode"] = str(answer["statusCode"])
        gateway.put_gateway_response(restApiId=api, responseType=kind, **settings)
    stack.rehearsed.deploy("ThrottlingRate=1 ThrottlingBurst=2")
    gateway.create_deployment(restApiId=api, stageName="api")

    throttled = [answer for answer in map(list_contacts, [client] * 10) if answer]
    assert throttled
    for code, headers, body in throttled:
        assert code == 429
        assert headers["retry-after"] == "1"
        assert headers["x-request-id"]
        assert_is_an_error_in_every_dialect(body)


def list_contacts(client):
    """Return headers and body if the gateway refused; it is none of our documented answers."""
    request = Request(client.url + CONTACTS, headers={"Authorization": client.basic})
    try:
        urlopen(request).close()
    except HTTPError as refused:
        return refused.code, refused.headers, refused.read()
    return None


def test_schedule_purges_what_is_due(stack, due):
    stack.rehearsed.deploy("ThrottlingRate=200 ThrottlingBurst=400")

    def numbers():
        listed = due.send("GET", CONTACTS).json["contacts"]
        return [contact["phoneNumber"] for contact in listed]

    await_true(lambda: numbers() == ["+37251000001"])
    purge = stack.resources("AWS::Logs::LogGroup")["PurgeScheduleLogs"]

    def logged():
        lines = stack.client_of("logs").filter_log_events(logGroupName=purge)["events"]
        return any('"ContactsPurged":' in line["message"] for line in lines)

    # It reports when all is done, and its log comes when it has ended.
    await_true(logged)


def test_logs_of_the_lambdas_hold_no_number_and_no_secret(stack, client):
    logs = stack.client_of("logs")
    pages = logs.get_paginator("filter_log_events")
    for name, group in stack.resources("AWS::Logs::LogGroup").items():
        lines = [
            event["message"]
            for page in pages.paginate(logGroupName=group)
            for event in page["events"]
        ]
        assert leaks_in("\n".join(lines)) == [], name
        assert lines or name in {"ApiAccessLogs", "JobGiveUpLogs"}


def test_record_that_cannot_be_counted_goes_aside_and_holds_up_none(stack, client):
    """Its Lambda may put it there, and an operator reads it and lets go of it."""
    table = stack.rehearsed.outputs["TableName"]

    def redrive(*options):
        said = stack.rehearsed.run(
            *("chalicelib.cli", "maintenance", "redrive", *options), PHONEBOOK_TABLE=table
        )
        return json.loads(said)

    item = {"PK": {"S": "MEMBERS#nobody#x"}, "SK": {"S": "+37251000031"}}
    stack.client_of("dynamodb").put_item(TableName=table, Item=item)
    group = client.send("POST", GROUPS, {"name": "Behind it"}).json["group"]["id"]
    client.send("POST", CONTACTS, {"phoneNumber": "+37251000031"})
    client.send("POST", f"{GROUPS}/{group}/contacts/+37251000031")

    await_true(lambda: count_of(client, group) == 1)
    await_true(lambda: redrive("--dry-run", "--json"))
    (lying,) = redrive("--dry-run", "--json")
    assert "MEMBERS#nobody#x" in lying["why"]
    assert redrive("--show", lying["id"])["dynamodb"]["NewImage"] == item
    redrive("--forget", lying["id"], "--json")
    assert redrive("--json") == []


def test_dead_letter_queues_are_empty(stack):
    queues = stack.client_of("sqs")

    def waiting(url):
        attributes = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"])

    letters = {
        name: waiting(url)
        for name, url in stack.resources("AWS::SQS::Queue").items()
        if name.endswith("DeadLetters")
    }
    assert letters == dict.fromkeys(letters, 0)
    assert len(letters) == len(DEAD_LETTERS)


def test_stack_goes_over_to_a_restored_table(stack, client):
    """As docs/operations.md has it; a restored table has no stream, and all of the data."""
    tables = stack.client_of("dynamodb")
    old, restored = stack.rehearsed.outputs["TableName"], "phonebook-restored"
    client.send("POST", CONTACTS, {"phoneNumber": "+37251000030"})

    tables.restore_table_to_point_in_time(
        SourceTableName=old, TargetTableName=restored, UseLatestRestorableTime=True
    )
    tables.get_waiter("table_exists").wait(TableName=restored)
    stack.rehearsed.deploy(f"TableName={restored}")

    assert stack.rehearsed.outputs["TableName"] == restored
    assert client.send("GET", f"{CONTACTS}/+37251000030").status == 200
    assert tables.describe_table(TableName=old)
    group = client.send("POST", GROUPS, {"name": "Anew"}).json["group"]["id"]
    assert client.send("POST", f"{GROUPS}/{group}/contacts/+37251000030").status == 201
    await_true(lambda: count_of(client, group) == 1)


def test_destroyed_stack_leaves_its_table_and_a_new_one_takes_it_over(stack, client):
    table = stack.rehearsed.outputs["TableName"]

    said = stack.rehearsed.destroy()

    assert f"The table {table} is kept" in said
    assert stack.client_of("dynamodb").describe_table(TableName=table)
    with pytest.raises(RehearsalError, match="there is no stack phonebook-dev"):
        stack.rehearsed.destroy()

    stack.rehearsed.deploy(f"TableName={table}")
    assert stack.rehearsed.outputs["TableName"] == table
    again = Client(stack.rehearsed.outputs["Url"], client.account, client.username, client.secret)
    assert again.send("GET", f"{CONTACTS}/+37251000030").status == 200


def test_table_is_deleted_only_when_told_twice(stack):
    table = stack.rehearsed.outputs["TableName"]
    with pytest.raises(RehearsalError, match="nobody is there"):
        stack.rehearsed.destroy("--delete-table")
    with pytest.raises(RehearsalError, match="nothing was changed"):
        stack.rehearsed.destroy("--delete-table", confirm_table="another")
    assert stack.client_of("dynamodb").describe_table(TableName=table)

    said = stack.rehearsed.destroy("--delete-table", confirm_table=table)

    assert f"the table {table} with all its data" in said
    assert table not in stack.client_of("dynamodb").list_tables()["TableNames"]
