"""Every GET endpoint of the unmodified pyconnectwise 0.6.1.2, found by reflection and called with an
administrator's key: as a list, as a page, and by the id of a row where the company has one. Its models
have to parse what comes back.

Rows come from the demo company; where it has none of a kind, one is created with what the server says is
missing, so that most lists have something to parse.
"""

import collections
import datetime
import enum
import functools
import importlib
import inspect
import pkgutil
import types
import typing

import pyconnectwise.endpoints.manage as manage
import pytest
from pyconnectwise import ConnectWiseManageAPIClient
from pyconnectwise.endpoints.base.connectwise_endpoint import ConnectWiseEndpoint
from pyconnectwise.exceptions import ConnectWiseException, NotFoundException
from pyconnectwise.models.base.connectwise_model import ConnectWiseModel
from pyconnectwise.utils.naming import to_camel_case

# Modules of the package that cannot be imported.
BROKEN = set()
# Answers that the client's own models cannot hold, whoever gives them.
SLIPS = {
    # Follow a slip of the vendor's description, where the server, like the vendor's, answers a count.
    "SalesOpportunitiesIdNotesCountEndpoint": "types a count as notes",
    "ScheduleCalendarsCountEndpoint": "types a count as a calendar",
    # Wants lists where every server answers one object for each column.
    "SystemReportsIdEndpoint": "types the columns of a report as lists",
}
# Paths that no description of the vendor has, found only as classes of the package; and tests of
# connections, which have nothing to answer.
ABSENT = {
    "CompanyBillingsetupsInfoCountEndpoint",
    "CompanyM365contactCountEndpoint",
    "CompanyM365contactsyncPropertyCountEndpoint",
    "ProcurementDirectionalsyncsCountEndpoint",
    "ProjectProjecttemplatesCountEndpoint",
    "SystemAuthanvilsTestconnectionEndpoint",
    "SystemContactsyncMonitoringCountEndpoint",
    "SystemDirectionalsyncsInfoCountEndpoint",
    "SystemDocumenttypesInfoCountEndpoint",
    "SystemM365contactsyncInfoCountEndpoint",
    "SystemMembertemplatesCountEndpoint",
    "SystemMycompanyCorporatestructurelevelsCountEndpoint",
    "SystemMycompanyCorporatestructurelevelsEndpoint",
    "SystemOnpremisesearchsettingCountEndpoint",
    "SystemQuotelinksetupTestconnectionEndpoint",
    "TimeTimeperiodsetupsDefaultEndpoint",
}
# Lists without a record in the demo company: what docs/demo.md names, uses of set-up rows that nothing uses, and what
# hangs on few of many records.
EMPTY = {
    "CompanyConfigurationsTypesIdQuestionsIdValuesIdUsagesEndpoint",
    "CompanyConfigurationsTypesIdQuestionsIdValuesIdUsagesListEndpoint",
    "CompanyContactsIdPortalsecurityEndpoint",
    "CompanyManagementitsolutionsIdUsagesEndpoint",
    "CompanyManagementitsolutionsIdUsagesListEndpoint",
    "ExpenseEntriesIdAuditsEndpoint",
    "ExpenseReportsIdAuditsEndpoint",
    "FinanceAccountingBatchesEndpoint",
    "FinanceInvoicetemplatesIdUsagesEndpoint",
    "FinanceInvoicetemplatesIdUsagesListEndpoint",
    "MarketingCampaignsIdActivitiesEndpoint",
    "MarketingCampaignsIdOpportunitiesEndpoint",
    "ProcurementProductsIdComponentsEndpoint",
    "ProcurementProductsIdPickingshippingdetailsEndpoint",
    "ProjectTicketsIdActivitiesEndpoint",
    "ProjectTicketsIdDocumentsEndpoint",
    "ProjectTicketsIdProductsEndpoint",
    "SalesCommissionsIdUsagesEndpoint",
    "SalesCommissionsIdUsagesListEndpoint",
    "ScheduleDetailsEndpoint",
    "ServiceEmailtemplatesIdUsagesEndpoint",
    "ServiceEmailtemplatesIdUsagesListEndpoint",
    "ServiceKnowledgebasesubcategoriesIdUsagesEndpoint",
    "ServiceKnowledgebasesubcategoriesIdUsagesListEndpoint",
    "ServiceSurveysIdUsagesEndpoint",
    "ServiceSurveysIdUsagesListEndpoint",
    "ServiceTicketsIdActivitiesEndpoint",
    "ServiceTicketsIdDocumentsEndpoint",
    "ServiceTicketsIdProductsEndpoint",
    "ServiceTicketsIdTasksEndpoint",
    "ServiceTicketsIdTimeentriesEndpoint",
    "SystemCallbacksEndpoint",
    "SystemDocumentsEndpoint",
    "SystemMembersIdManageddeviceaccountsEndpoint",
    "SystemMembersIdPersonasEndpoint",
    "SystemMembersWithssoEndpoint",
    "TimeChargecodesIdUsagesEndpoint",
    "TimeChargecodesIdUsagesListEndpoint",
    "TimeEntriesIdAuditsEndpoint",
    "TimeSheetsEndpoint",
    "TimeSheetsIdAuditsEndpoint",
}
# Words for placeholders that are no numbers.
REPORT = "Company"
# How deep one id hangs under another, and about how many records of a list are opened.
DEEPEST = 6
OPENED = 10
# Refusals that are heeded before a record is given up.
TRIES = 6


@functools.cache
def every():
    """Every endpoint class of the package that can be imported, by name."""
    found = {}
    for module in pkgutil.iter_modules(manage.__path__):
        try:
            loaded = importlib.import_module(f"{manage.__name__}.{module.name}")
        except ImportError:
            # Some import models that the package does not have; nobody can call those.
            BROKEN.add(module.name)
            continue
        for name, value in vars(loaded).items():
            own = inspect.isclass(value) and issubclass(value, ConnectWiseEndpoint)
            if own and name == module.name:
                found[name] = value
    return found


def classes():
    """Those that have a `get`."""
    return [name for name, kind in every().items() if "get" in vars(kind)]


@pytest.fixture(scope="module")
def client(server):
    public, private = server.key("admin")
    return ConnectWiseManageAPIClient(server.company, server.host, server.client_id, public, private)


class Walk:
    """Goes down the client as its users do, and remembers what it met."""

    def __init__(self, client, admin):
        self.client, self.admin = client, admin
        self.seen = {}
        self.missing, self.faults = {}, []
        self.rows = collections.Counter()
        # An instance of every class met, for those that hang below.
        self.met = {}
        # Ids by the model of their records, and what makes texts differ.
        self.of, self.number = {}, 0

    def start(self):
        for name, value in inspect.getmembers(type(self.client)):
            if isinstance(value, property):
                endpoint = getattr(self.client, name)
                if isinstance(endpoint, ConnectWiseEndpoint):
                    self.down(endpoint, 0)

    def down(self, endpoint, depth):
        name = type(endpoint).__name__
        known = self.seen.get(name) == "rows"
        if depth > DEEPEST or known and not self.hollow(endpoint):
            return
        # A record that was parsed is opened once more for what the one before it had nothing of.
        answer = None if known and not self.opening(endpoint) else self.call(endpoint, name)
        for child in endpoint._child_endpoints:
            self.down(child, depth + 1)
        for key in self.keys(endpoint, answer):
            for method in self.opening(endpoint):
                self.down(method(key), depth + 1)

    def hollow(self, endpoint):
        """Whether something below it was not seen with a record yet."""
        return any(self.seen.get(type(child).__name__) != "rows" for child in endpoint._child_endpoints)

    def strays(self):
        """Endpoints that the package has and its client leads to from nowhere: hung under their neighbours."""
        for name, kind in sorted(every().items(), key=lambda pair: len(pair[0])):
            if name in self.met:
                continue
            above = [known for known in self.met if name.startswith(known.removesuffix("Endpoint")) and known != name]
            if not above:
                continue
            parent = self.met[max(above, key=len)]
            endpoint = kind(self.client, parent_endpoint=parent)
            if endpoint.endpoint_base == "{id}":
                listed = parent.get() if hasattr(parent, "get") else None
                endpoint._id = next((row.id for row in listed or [] if getattr(row, "id", None)), 1)
            self.down(endpoint, 0)

    def call(self, endpoint, name):
        self.met.setdefault(name, endpoint)
        if "get" not in vars(type(endpoint)):
            return None
        try:
            answer = endpoint.get(**self.asked(endpoint))
            # The client offers pages of single records too, and takes such a record for a list.
            if isinstance(answer, list):
                self.page(endpoint)
        except NotFoundException as error:
            self.missing[name] = f"{endpoint._get_endpoint_url()}: {error}"
            return None
        except (ConnectWiseException, ValueError, TypeError) as error:
            if name in SLIPS:
                self.seen[name] = "slip"
                return None
            self.faults.append(f"{name} {endpoint._get_endpoint_url()}: {type(error).__name__} {str(error)[:600]}")
            return None
        for row in answer if isinstance(answer, list) else []:
            if getattr(row, "id", None):
                self.of.setdefault(type(row).__name__, row.id)
        filled = bool(answer) if isinstance(answer, list) else True
        self.seen[name] = "rows" if filled else self.seen.get(name, "empty")
        self.rows[name] += len(answer) if isinstance(answer, list) else 1
        return answer

    def page(self, endpoint):
        if hasattr(endpoint, "paginated"):
            asked = self.asked(endpoint).get("params")
            list(endpoint.paginated(1, 5, dict(asked) if asked else None))

    @staticmethod
    def asked(endpoint):
        """Parameters without which a list has nothing to answer."""
        about = {
            "CompanyManagementIdLogDownloadEndpoint": {"filePath": "management-1.log"},
            "SystemAudittrailEndpoint": {"type": "Ticket", "id": 1},
            "SystemAudittrailCountEndpoint": {"type": "Ticket", "id": 1},
            "SystemDocumentsEndpoint": {"recordType": "Ticket", "recordId": 1},
            "SystemDocumentsCountEndpoint": {"recordType": "Ticket", "recordId": 1},
        }.get(type(endpoint).__name__)
        return {"params": about} if about else {}

    @staticmethod
    def opening(endpoint):
        """Methods that lead to one record."""
        found = []
        for name, method in inspect.getmembers(endpoint, inspect.ismethod):
            returned = inspect.signature(method).return_annotation
            leads = inspect.isclass(returned) and issubclass(returned, ConnectWiseEndpoint)
            if leads and not name.startswith("_") and name != "_register_child_endpoint":
                found.append(method)
        return found

    def fill(self, endpoint):
        """Creates a record where a list has none, with what the server says is missing; its id, if it can."""
        parents = typing.get_type_hints(type(endpoint).post).get("return") if hasattr(endpoint, "post") else None
        if not inspect.isclass(parents) or not issubclass(parents, ConnectWiseModel):
            return None
        path = "/" + endpoint._get_endpoint_url().split("/apis/3.0/", 1)[1]
        fields = {field.alias or to_camel_case(name): field for name, field in parents.model_fields.items()}
        # What the model cannot do without, the client sends.
        body = {
            name: self.value(name, field.annotation) for name, field in fields.items() if field.is_required()
        }
        for _ in range(TRIES):
            answer = self.admin.send("POST", path, body)
            if answer.status_code in (200, 201):
                made = answer.json()
                return (made[0] if isinstance(made, list) else made).get("id")
            if answer.status_code != 400:
                return None
            before = dict(body)
            for error in answer.json().get("errors", []):
                name = error["field"].split("/")[0]
                if name in fields:
                    body[name] = self.value(name, fields[name].annotation)
            body = {name: value for name, value in body.items() if value is not None}
            if body == before:
                return None
        return None

    def value(self, name, annotation):
        """Something that a field of this type can hold."""
        self.number += 1
        union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
        kinds = [kind for kind in (typing.get_args(annotation) if union else (annotation,)) if kind is not type(None)]
        for kind in kinds:
            if typing.get_origin(kind) is typing.Literal:
                return typing.get_args(kind)[0]
            if kind in (int, float):
                return self.number % 90 + 1
            if kind is bool:
                return True
            if kind is str:
                return f"t{self.number}"
            if kind is datetime.datetime:
                return "2026-03-02T09:00:00Z"
            if inspect.isclass(kind) and issubclass(kind, enum.Enum):
                return next(iter(kind)).value
            if inspect.isclass(kind) and issubclass(kind, ConnectWiseModel):
                return {"id": self.of.get(kind.__name__.removesuffix("Reference"), 1)}
        return None

    def keys(self, endpoint, answer):
        """Ids to open: of a row of the list, or one that may lead somewhere."""
        if not self.opening(endpoint):
            return []
        if type(endpoint).__name__ == "SystemReportsEndpoint":
            return [REPORT]
        ids = [row.id for row in answer or [] if getattr(row, "id", None)]
        if not ids:
            made = self.fill(endpoint)
            if made:
                self.call(endpoint, type(endpoint).__name__)
                ids = [made]
        some = ids[:: len(ids) // OPENED + 1]
        return some + [last for last in ids[-1:] if last not in some] if ids else [1]


@pytest.fixture(scope="module")
def walk(client, admin):
    walk = Walk(client, admin)
    # Twice: what could not be created for want of something else can be once that is there.
    walk.start()
    walk.strays()
    walk.start()
    return walk


def test_every_answer_is_parsed(walk):
    assert not walk.faults, f"{len(walk.faults)} of {len(walk.seen)}:\n" + "\n".join(walk.faults)


def test_every_endpoint_with_a_get_is_called(walk, capsys):
    known = set(classes())
    called = set(walk.seen) | set(walk.missing)
    assert known - called == set(), "never called"
    # By the id of a record that cannot be made over the API, and that the demo company does not have,
    # nothing is there to parse. All else answers.
    lost = {name for name in set(walk.missing) - set(walk.seen) if "Id" not in name}
    assert lost <= ABSENT, sorted(lost - ABSENT)
    filled = {name for name, how in walk.seen.items() if how == "rows"}
    empty = sorted(name for name, how in walk.seen.items() if how == "empty")
    with capsys.disabled():
        print(f"\npyconnectwise: {len(known)} endpoints with a get, {len(filled)} with a record, {len(empty)} with none")
    # What the other scenarios leave behind may fill some of them.
    assert set(empty) <= EMPTY, sorted(set(empty) - EMPTY)
    gone = {name for name in set(walk.missing) - set(walk.seen)}
    assert len(filled) >= 1470 and len(filled) + len(empty) + len(gone) + len(SLIPS) == len(known)
