"""The packaged template, as linters read it and as CloudFormation expands it."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from chalicelib import settings
from chalicelib.dialects.messagebird import MESSAGEBIRD
from chalicelib.dialects.messagebird.errors import INTERNAL_ERROR
from chalicelib.dialects.registry import DIALECTS
from chalicelib.dialects.v2 import V2
from chalicelib.domain.changes import LONGEST_WRITE
from chalicelib.domain.errors import ErrorCode, PhonebookError
from chalicelib.entrypoints import cleanup_schedule, counter_stream
from chalicelib.entrypoints.http import HEADERS_OF_EVERY_ANSWER, STRICT_TRANSPORT_SECURITY
from chalicelib.services.changes import SETTLES_AFTER
from chalicelib.services.delivering import BESIDE_SENDING
from chalicelib.services.indexing import INDEXED
from chalicelib.storage import keys
from chalicelib.storage.change_records import TOLD
from chalicelib.storage.counters import COUNTED
from chalicelib.storage.dynamodb import connection
from chalicelib.storage.dynamodb.model import Item
from chalicelib.storage.items import CredentialItem
from chalicelib.storage.keys import ItemKind
from chalicelib.storage.stream_records import StreamEvent, StreamFilter
from chalicelib.webhooks.sending import SECONDS
from infra.aws.package import package_stage, stages
from infra.documents import table
from tests.gateway_answers import assert_is_an_error_in_every_dialect, known_to
from tests.infra.conditions import when_all_is_on
from tests.paths import PROJECT

FUNCTIONS = (
    "APIHandler", "CounterStream", "ChangeStream", "PurgeSchedule",
    "ImportPlanner", "ImportWorker", "ExportWriter", "JobGiveUp", "WebhookSender",
)  # fmt: skip
FILES_OF_JOBS = re.compile(r"\$\{JobFiles\.Arn\}/(imports|exports)/\*(/file|/draft)?")
MESSAGE = "Some message"
MOST_FILTERS = 5
"""As many as AWS allows of one mapping."""
WRITES = {"DeleteItem", "PutItem", "UpdateItem"}


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return package_stage("prod", tmp_path_factory.mktemp("build"), None)


@pytest.fixture(scope="module")
def resources(package):
    return package.template["Resources"]


@pytest.fixture(scope="module")
def gateway_answers(resources):
    return resources["RestAPI"]["Properties"]["DefinitionBody"][
        "x-amazon-apigateway-gateway-responses"
    ]


@pytest.fixture(scope="module")
def expanded(package):
    """The resources that CloudFormation makes of the template on AWS."""
    template = package.template
    for resource in template["Resources"].values():
        if "CodeUri" in resource.get("Properties", {}):
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    defaults = {name: str(each["Default"]) for name, each in template["Parameters"].items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        return Translator({}, Parser()).translate(template, defaults)["Resources"]


def test_sender_holds_a_webhook_for_as_long_as_it_may_run(resources):
    seconds = SECONDS + BESIDE_SENDING.total_seconds()

    assert resources["WebhookSender"]["Properties"]["Timeout"] == seconds


def test_every_setting_can_be_made_by_the_template(resources):
    wanted = {value for name, value in vars(settings).items() if name.endswith("_VARIABLE")}
    given = {
        variable
        for function in FUNCTIONS
        for variable in resources[function]["Properties"]["Environment"]["Variables"]
    }

    # A receiver on this very machine is for `make dev`.
    assert wanted - given == {settings.LOOPBACK_VARIABLE}


def test_api_has_one_stage(expanded):
    """A second one would have no throttling, no log and no alarms."""
    deployments = of_type(expanded, "AWS::ApiGateway::Deployment")
    (stage,) = of_type(expanded, "AWS::ApiGateway::Stage").values()

    assert deployments
    assert not any("StageName" in each["Properties"] for each in deployments.values())
    assert stage["Properties"]["StageName"] == "api"
    permission = expanded["APIHandlerInvokePermission"]["Properties"]["SourceArn"]["Fn::Sub"]
    assert permission.endswith("${RestAPI}/api/*")


def test_no_trace_holds_an_url(expanded):
    """The stage's would, with phone numbers and keys; the Lambdas' own do not."""
    (stage,) = of_type(expanded, "AWS::ApiGateway::Stage").values()

    assert not stage["Properties"].get("TracingEnabled")


def test_whatever_sends_dead_letters_may_do_so(expanded, resources):
    """Both Lambdas by their roles, and the schedule's rule by its queue's policy."""
    for role, queue in [
        ("CounterStreamRole", "CounterDeadLetters"),
        ("ChangeStreamRole", "ChangeDeadLetters"),
        ("PurgeScheduleRole", "PurgeDeadLetters"),
    ]:
        sending = [
            statement["Resource"]
            for name, statement in statements(resources)
            if name == role and statement["Action"] == "sqs:SendMessage"
        ]
        assert sending == [{"Fn::GetAtt": [queue, "Arn"]}]
    for rule_name, rule in of_type(expanded, "AWS::Events::Rule").items():
        is_of_webhooks = rule_name == "WebhookRule"
        queue = "WebhookDeadLetters" if is_of_webhooks else "PurgeDeadLetters"
        policy = resources["WebhookQueuesPolicy" if is_of_webhooks else "PurgeDeadLettersPolicy"]
        (target,) = rule["Properties"]["Targets"]
        assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [queue, "Arn"]}}
        (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
        assert [queue, "Arn"] in json_values(statement["Resource"], "Fn::GetAtt")
        assert json_values(statement["Condition"], "Fn::GetAtt") == [[rule_name, "Arn"]]


@pytest.mark.parametrize(
    ("role", "kept_from", "writes"),
    [
        ("ApiHandlerRole", ["ACCOUNT#*", "CREDENTIAL#*"], {"DeleteItem", "PutItem"}),
        ("PurgeScheduleRole", ["ACCOUNT#*", "CREDENTIAL#*"], WRITES),
        ("CounterStreamRole", ["CREDENTIAL#*"], WRITES),
        ("ImportPlannerRole", ["ACCOUNT#*", "CREDENTIAL#*"], WRITES),
        ("ImportWorkerRole", ["ACCOUNT#*", "CREDENTIAL#*"], WRITES),
    ],
)
def test_no_lambda_may_write_credentials(resources, role, kept_from, writes):
    denied, *_ = denied_to(resources, role)

    assert set(denied["Action"]) == {f"dynamodb:{write}" for write in writes}
    assert denied["Condition"] == {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": kept_from}}
    assert keys.account("a").startswith("ACCOUNT#")
    assert keys.credential("u").startswith("CREDENTIAL#")


def test_batches_may_write_what_follows_from_contacts_and_nothing_else(resources):
    found = {
        role: statement
        for role, statement in statements(resources)
        if "dynamodb:BatchWriteItem" in statement["Action"]
    }

    written = {"ApiHandlerRole": ["SEARCH#*"], "ChangeStreamRole": ["SEARCH#*", "CHANGES#*"]}
    assert found.keys() == written.keys()
    for role, statement in found.items():
        assert statement["Action"] == "dynamodb:BatchWriteItem"
        assert statement["Condition"] == {
            "ForAllValues:StringLike": {"dynamodb:LeadingKeys": written[role]}
        }
    assert keys.search("a", "ta").startswith("SEARCH#")
    assert keys.changes("a").startswith("CHANGES#")


def test_api_may_change_nothing_of_a_credential_but_the_day_of_its_last_use(resources):
    _, denied = denied_to(resources, "ApiHandlerRole")

    note = [Item.pk, Item.sk, CredentialItem.last_used_on]
    assert denied["Action"] == "dynamodb:UpdateItem"
    assert denied["Condition"] == {
        "ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["ACCOUNT#*", "CREDENTIAL#*"]},
        "ForAnyValue:StringNotEquals": {"dynamodb:Attributes": [each.attr_name for each in note]},
    }


def denied_to(resources, role):
    """Return what a role is denied."""
    return [
        statement
        for name, statement in statements(resources)
        if name == role and statement["Effect"] == "Deny"
    ]


def statements(resources):
    """Yield each statement of each role, with the role's name."""
    for name, resource in resources.items():
        for policy in resource["Properties"].get("Policies", ()):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, when_all_is_on(statement)


def test_cfn_lint_finds_nothing(package):
    cfn_lint = Path(sys.executable).with_name("cfn-lint")

    done = subprocess.run(
        [cfn_lint, "--config-file", PROJECT / "infra/aws/cfnlint.yaml", package.template_file],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "")


def test_checkov_finds_nothing(package):
    checkov = PROJECT / ".venv-checkov" / "bin" / "checkov"

    done = subprocess.run(
        [checkov, "-f", package.template_file, "--config-file", PROJECT / "infra/aws/checkov.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert "Failed checks: 0" in done.stdout


@pytest.mark.parametrize("stage", stages())
def test_every_parameter_of_a_stage_exists(package, stage):
    assert stages()[stage].keys() <= package.template["Parameters"].keys()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_lambda_has_a_role_and_a_log_of_its_own(resources, function):
    properties = resources[function]["Properties"]

    assert properties["Tracing"] == "Active"
    assert properties["Architectures"] == ["arm64"]
    (role, _) = properties["Role"]["Fn::GetAtt"]
    assert resources[role]["Type"] == "AWS::IAM::Role"
    others = [resources[other]["Properties"]["Role"] for other in FUNCTIONS if other != function]
    assert properties["Role"] not in others
    log = resources[properties["LoggingConfig"]["LogGroup"]["Ref"]]
    assert log["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_no_lambda_is_left_out(resources):
    kinds = {
        name
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }

    assert kinds == set(FUNCTIONS)


def test_no_policy_allows_more_than_it_names(resources):
    """But for what AWS cannot narrow down: tracing, and listing streams."""
    unbound = {"xray:PutTelemetryRecords", "xray:PutTraceSegments", "dynamodb:ListStreams"}

    for role, statement in statements(resources):
        actions = statement["Action"]
        actions = {actions} if isinstance(actions, str) else set(actions)
        assert not [action for action in actions if "*" in action], role
        if statement["Resource"] == "*":
            assert actions <= unbound, role
        else:
            named = FILES_OF_JOBS.sub("", json.dumps(statement["Resource"]))
            assert "*" not in named, role


def test_stream_mapping_reports_single_failures_and_gives_up_in_the_end(resources):
    event = resources["CounterStream"]["Properties"]["Events"]["CounterStreamDynamodbEventSource"]
    properties = event["Properties"]

    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert properties["BisectBatchOnFunctionError"]
    assert properties["StartingPosition"] == "TRIM_HORIZON"
    assert properties["BatchSize"] == counter_stream.BATCH_SIZE
    assert properties["MaximumRetryAttempts"] > 0
    assert properties["DestinationConfig"]["OnFailure"]["Type"] == "SQS"
    assert ["PhonebookTable", "StreamArn"] in json_values(properties["Stream"], "Fn::GetAtt")


@pytest.mark.parametrize(
    ("reader", "choice", "wanted"),
    [
        ("Counter", None, COUNTED),
        ("Change", 1, StreamFilter(INDEXED.kinds | TOLD.kinds, INDEXED.events | TOLD.events)),
        ("Change", 2, INDEXED),
    ],
    ids=["counting", "all is on", "the search alone"],
)
def test_filter_lets_through_what_a_reader_wants_and_nothing_else(
    resources, reader, choice, wanted
):
    events = resources[f"{reader}Stream"]["Properties"]["Events"]
    event = events[f"{reader}StreamDynamodbEventSource"]
    filters = event["Properties"]["FilterCriteria"]["Filters"]
    if choice:
        filters = filters["Fn::If"][choice]
    patterns = [json.loads(each["Pattern"]) for each in filters]

    assert len(patterns) <= MOST_FILTERS
    for pattern in patterns:
        assert set(pattern.get("eventName", StreamEvent)) == wanted.events
    items = [
        (keys.account("a"), keys.ACCOUNT),
        (keys.credential("u"), keys.CREDENTIAL),
        (keys.contacts("a"), "+1"),
        (keys.contacts("a"), keys.fence("t")),
        (keys.contact_ids("a"), keys.of_id(1)),
        (keys.groups("a"), keys.of_id(1)),
        (keys.members("a", 1), "+1"),
        (keys.blacklist("a"), "+1"),
        (keys.ledger("a"), keys.ledger_entry("+1", 1)),
        (keys.suppressed("a"), "0" * 64),
        (keys.suppressed("a"), keys.SUPPRESSION_KEY),
        (keys.tombstones("a"), keys.deleted_group(1)),
        (keys.tombstones("a"), keys.deleted_contact(1)),
        (keys.applied("e"), keys.APPLIED),
        (keys.ASIDE, keys.aside("r", 0)),
        (keys.imports("a"), keys.of_id(1)),
        (keys.exports("a"), keys.of_id(1)),
        (keys.search("a", "ta"), keys.search_entry("tamm", "+1")),
        (keys.changes("a"), keys.change(datetime.now(UTC), "e-0")),
        (keys.numbers("a"), "0" * 32),
        (keys.webhooks("a"), keys.of_id(1)),
        (keys.webhooks("a"), keys.WEBHOOK_COUNT),
        (keys.deliveries("a", 1), keys.slot(1, 1_000)),
        (keys.sessions(), keys.SESSION_KEY),
        (keys.sign_ins("0" * 64), keys.arrived(datetime.now(UTC))),
        (keys.sign_in_link("0" * 64), keys.SIGN_IN_LINK),
    ]
    kinds = [keys.kind_of(partition, sort_key) for partition, sort_key in items]
    assert set(kinds) == set(ItemKind)
    for (partition, sort_key), kind in zip(items, kinds, strict=True):
        passes = any(has_keys_of(pattern, partition, sort_key) for pattern in patterns)
        assert passes == (kind in wanted.kinds), partition


def has_keys_of(pattern, partition, sort_key):
    asked = pattern["dynamodb"]["Keys"]
    return all(
        any(
            key.startswith(each["prefix"]) for each in asked.get(name, {"S": [{"prefix": ""}]})["S"]
        )
        for name, key in (("PK", partition), ("SK", sort_key))
    )


def test_no_reader_of_the_feed_is_past_a_change_that_is_being_written(resources):
    seconds = resources["ChangeStream"]["Properties"]["Timeout"]

    assert seconds <= LONGEST_WRITE.total_seconds() < SETTLES_AFTER.total_seconds()


def test_what_the_gateway_answers_itself_is_an_error_in_every_dialect(gateway_answers):
    for kind, answer in gateway_answers.items():
        assert_is_an_error_in_every_dialect(body_of(answer))
        assert "gatewayresponse.header.X-Request-Id" in answer["responseParameters"], kind


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("MISSING_AUTHENTICATION_TOKEN", ErrorCode.PATH_NOT_FOUND),
        ("RESOURCE_NOT_FOUND", ErrorCode.PATH_NOT_FOUND),
        ("BAD_REQUEST_BODY", ErrorCode.INVALID_DATA),
        ("BAD_REQUEST_PARAMETERS", ErrorCode.INVALID_DATA),
        ("THROTTLED", ErrorCode.BUSY),
        ("INTEGRATION_TIMEOUT", ErrorCode.BUSY),
        ("INTEGRATION_FAILURE", ErrorCode.BUSY),
        ("DEFAULT_5XX", ErrorCode.BUG),
    ],
)
def test_what_the_gateway_answers_itself_are_each_dialects_own_words(gateway_answers, kind, code):
    answer = body_of(gateway_answers[kind])

    for dialect in DIALECTS:
        own = json.loads(dialect.render_error(PhonebookError(code)).body)
        if dialect is MESSAGEBIRD:
            own["errors"][0]["code"] = INTERNAL_ERROR
        if dialect is V2:
            own["requestId"] = "$context.requestId"
        assert known_to(dialect, answer) == own, dialect.name


def test_gateway_says_what_it_found_wrong(gateway_answers):
    answer = body_of(gateway_answers["DEFAULT_4XX"])

    assert all(MESSAGE in json.dumps(known_to(dialect, answer)) for dialect in DIALECTS)


def body_of(answer):
    """Return the body that API Gateway makes of its template, which replaces variables only."""
    template = answer["responseTemplates"]["application/json"]
    return template.replace("$context.error.messageString", json.dumps(MESSAGE)).encode()


def test_what_the_gateway_answers_itself_has_the_headers_of_every_answer(resources):
    answers = resources["RestAPI"]["Properties"]["DefinitionBody"][
        "x-amazon-apigateway-gateway-responses"
    ]
    ours = {
        **HEADERS_OF_EVERY_ANSWER,
        "Strict-Transport-Security": STRICT_TRANSPORT_SECURITY,
    }

    for kind, answer in answers.items():
        headers = answer["responseParameters"]
        for name, value in ours.items():
            assert headers[f"gatewayresponse.header.{name}"] == f"'{value}'", kind


def test_access_log_holds_no_path_and_no_query(resources):
    """They hold phone numbers, and in one dialect the credential."""
    line = resources["RestAPI"]["Properties"]["AccessLogSetting"]["Format"]
    variables = set(re.findall(r"\$context\.([A-Za-z.]+)", line))

    assert "resourcePath" in variables
    assert not variables & {"path", "customDomain.basePathMatched", "authorizer.claims"}
    assert json.loads(re.sub(r"\$context\.[A-Za-z.]+", "x", line))


def test_every_alarm_is_in_the_handbook_and_goes_to_the_topic(resources):
    alarms = {
        name: resource["Properties"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }

    assert {row[0] for row in table("docs/operations.md", "alarm")} == set(alarms)
    for properties in alarms.values():
        assert json_values(properties["AlarmActions"], "Ref") == ["AlarmTopicArn", "AWS::NoValue"]


def test_every_parameter_is_in_the_handbook(package):
    documented = {row[0]: row[1] for row in table("docs/operations.md", "parameter")}

    actual = package.template["Parameters"]
    assert documented == {name: str(each["Default"]) for name, each in actual.items()}


def test_every_metric_of_an_alarm_of_ours_is_published(resources):
    published = "".join(
        (PROJECT / f"chalicelib/entrypoints/{name}.py").read_text()
        for name in ("counter_stream", "cleanup_schedule", "job_queues")
    )
    ours = [
        resource["Properties"]["MetricName"]
        for resource in resources.values()
        if resource["Properties"].get("Namespace") == "Phonebook"
    ]

    assert ours
    assert all(f'add_metric("{name}"' in published for name in ours)


def test_no_alarm_of_ours_takes_silence_for_good_news(resources):
    """A clean-up that does not come so far as to report would otherwise never be heard of."""
    treated = {
        name: resource["Properties"]["TreatMissingData"]
        for name, resource in resources.items()
        if resource["Properties"].get("Namespace") == "Phonebook"
    }

    assert "notBreaching" not in treated.values()
    for name in ("PurgeIsBehindAlarm", "SweepIsBehindAlarm", "CleanupItemsFailAlarm"):
        assert treated[name] == "breaching"


def test_alarm_of_failed_items_is_for_those_that_fail_each_time(resources):
    alarm = resources["CleanupItemsFailAlarm"]["Properties"]

    assert (alarm["Statistic"], alarm["Threshold"]) == ("Minimum", 0)
    assert alarm["Period"] >= 2 * 60 * cleanup_schedule.EVERY_MINUTES


def test_purge_has_time_to_report_when_its_last_call_is_never_answered(resources):
    call = (connection.REPEATS + 1) * (connection.CONNECT_SECONDS + connection.ANSWER_SECONDS)

    assert (
        call < cleanup_schedule.SECONDS_KEPT < resources["PurgeSchedule"]["Properties"]["Timeout"]
    )


def test_dashboard_is_json_and_names_what_is_there(resources):
    text, variables = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    named = {name.partition(".")[0] for name in re.findall(r"\$\{([A-Za-z.:]+)\}", text)}

    assert json.loads(re.sub(r"\$\{[^}]+\}", "x", text))["widgets"]
    assert {name for name in named if "::" not in name} <= resources.keys() | variables.keys()


def test_template_and_the_code_agree_on_the_schedule(package):
    schedule = package.template["Parameters"]["CleanUpSchedule"]["Default"]

    assert schedule == f"rate({cleanup_schedule.EVERY_MINUTES} minutes)"


def of_type(resources, kind):
    return {name: each for name, each in resources.items() if each["Type"] == kind}


def json_values(value, key):
    """Return everything that stands under *key*, anywhere in *value*."""
    if isinstance(value, list):
        return [found for each in value for found in json_values(each, key)]
    if isinstance(value, dict):
        inner = [found for each in value.values() for found in json_values(each, key)]
        return ([value[key]] if key in value else []) + inner
    return []
