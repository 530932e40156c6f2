"""A value for each parameter and each field of a body, made from what the SDK says of itself."""

import datetime
import inspect
import io
import re

TIME = datetime.datetime(2026, 1, 31, 12, 30, 15, tzinfo=datetime.timezone.utc)
# What must be encoded, and what must not.
TEXT = "a/b c+%&=?#~!*'()"
# Fields that need not be there are left out below this depth, because some models contain themselves.
DEPTH = 2

# What the SDK makes of a value in an answer that it does not know.
UNKNOWN = "UNKNOWN_ENUM_VALUE"

SIMPLE = {
    "str": TEXT,
    "int": 7,
    "float": 1.5,
    "bool": True,
    "datetime": TIME,
    "object": {"any": ["é", 1, None]},
    "bytearray": "bytes",
}


class Dummies:
    """Values for one package."""

    def __init__(self, models):
        self.models = models
        self.made = {}
        self.known = {}

    def argument(self, type_, name, allowed, source):
        """A value for the argument `name` of the method with this source."""
        type_ = re.sub(r"oci\.\w+\.models\.", "", type_)
        if type_ == "stream":
            return io.BytesIO(b"some bytes")
        is_list = re.search(rf"collection_format_param\((?:kwargs\.get\(['\"]{name}['\"], missing\)|{name}),", source)
        if allowed:
            return allowed[:2] if is_list else allowed[0]
        if is_list and not type_.startswith("list["):
            return [TEXT, "b"]
        return self.value(type_, 0)

    def value(self, type_, depth, allowed=()):
        if type_.startswith("list["):
            item = type_[5:-1]
            return [self.value(item, depth + 1, allowed)] * 2
        if found := re.fullmatch(r"dict\(str, (.*)\)", type_):
            return {"key": self.value(found[1], depth + 1)}
        if allowed:
            return allowed[-1]
        if type_ in SIMPLE:
            return SIMPLE[type_]
        kind = getattr(self.models, type_, None)
        # An enumeration is a class of constants; some are named and not there.
        if kind is None or not hasattr(kind(), "swagger_types"):
            return TEXT
        return self.model(kind, depth)

    def model(self, kind, depth):
        discriminator = None
        # Its own, because a subtype inherits that of its parent.
        if "get_subtype" in vars(kind):
            source = inspect.getsource(kind.get_subtype)
            discriminator = re.search(r"object_dictionary\['(.+?)'\]", source)[1]
            subtypes = re.findall(r"if type == '.+?':\s+return '(\w+)'", source)
            # Each time the next, so that each is judged.
            number = self.made.get(kind, 0)
            self.made[kind] = number + 1
            kind = getattr(self.models, subtypes[number % len(subtypes)])
        made = kind()
        for name, (type_, required, allowed) in self.fields(kind).items():
            # The SDK cannot read the latter before they are set.
            needed = required or depth < DEPTH or name.startswith("_")
            if made.attribute_map[name] != discriminator and needed:
                setattr(made, name, self.value(type_, depth + 1, allowed))
        return made

    def fields(self, kind):
        """The type of each field, whether it must be there, and the values that it may have."""
        if kind not in self.known:
            types = getattr(kind(), "swagger_types", {})
            docs = {name: inspect.getdoc(getattr(kind, name)) or "" for name in types}
            self.known[kind] = {
                name: (type_, "**[Required]**" in docs[name], allowed(docs[name])) for name, type_ in types.items()
            }
        return self.known[kind]


def allowed(doc):
    found = re.search(r"Allowed values for [\w ]* are: (.*)", doc)
    return [value for value in re.findall(r'"([^"]*)"', found[1]) if value != UNKNOWN] if found else []
