"""The facts of the official Python SDK that a request is made of, read from its source and never imported.

The SDK is generated, so its methods are all alike. What is not as expected is an error: a release that does
things in another way must not lose an operation unnoticed.
"""

import ast
import re
import zipfile

CLIENT = re.compile(r"oci/(\w+)/(\w+)_client\.py")
MODEL = re.compile(r"oci/(\w+)/models/(\w+)\.py")
# Of docstrings nothing is taken but types and allowed values.
ARGUMENT = re.compile(
    r"^ *:param (?P<type>.+?) (?P<name>\w+): \((?:required|optional)\)(?P<text>(?:(?!^ *:).*\n?)*)", re.MULTILINE
)
OF_MODELS = re.compile(r"oci\.\w+\.models\.")

# What every method takes and no request has.
OF_THE_SDK = {"allow_control_chars", "enable_strict_url_encoding", "retry_strategy", "buffer_limit"}


def read(wheel):
    """A dictionary of packages, each with its clients, operations and models."""
    packages = {}
    with zipfile.ZipFile(wheel) as archive:
        for path in sorted(archive.namelist()):
            client, model = CLIENT.fullmatch(path), MODEL.fullmatch(path)
            if not (client or model) or path.startswith("oci/auth/"):
                continue
            package = packages.setdefault((client or model)[1], {"clients": [], "operations": [], "models": {}})
            for node in ast.parse(archive.read(path)).body:
                if not isinstance(node, ast.ClassDef):
                    continue
                if client:
                    read_client(package, node)
                else:
                    package["models"][node.name] = read_model(node)
    # `oci.signer` and the like have models but no client.
    return {name: package for name, package in packages.items() if package["clients"]}


def read_client(package, node):
    methods = [each for each in node.body if isinstance(each, ast.FunctionDef)]
    made = next(each for each in methods if each.name == "__init__")
    arguments = next(
        each.value
        for each in ast.walk(made)
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "base_client_init_kwargs"
    )
    arguments = {key.value: value for key, value in zip(arguments.keys, arguments.values)}
    constant = lambda name: ast.literal_eval(arguments[name]) if name in arguments else None
    package["clients"].append(
        {
            "name": node.name,
            "base_path": constant("base_path").rstrip("/"),
            "template": constant("service_endpoint_template"),
            "per_realm": constant("service_endpoint_template_per_realm") or {},
            "dual_stack": constant("service_uses_dualstack_endpoints_by_default") or False,
        }
    )
    for method in methods:
        if method is not made and not any(map(is_property, method.decorator_list)):
            package["operations"].append(read_operation(method, len(package["clients"]) - 1))


def is_property(decorator):
    return "property" in ast.unparse(decorator) or "setter" in ast.unparse(decorator)


def read_operation(method, client):
    assigned = {}
    for node in method.body:
        if isinstance(node, ast.Assign):
            assigned.setdefault(ast.unparse(node.targets[0]), node.value)
    call = last_call(method)
    documented = list(ARGUMENT.finditer(ast.get_docstring(method) or ""))
    types = {found["name"]: OF_MODELS.sub("", found["type"]) for found in documented}
    allowed = documented_values(documented) | allowed_values(method)
    positional = {each.arg for each in method.args.args}
    required = set(ast.literal_eval(assigned["required_arguments"]))
    headers = constants(assigned["header_params"])
    parameters = []
    for place in ("path", "query", "header"):
        for wire, value in entries(assigned.get(f"{place}_params")):
            name, style = argument(value)
            parameters.append(
                {
                    "name": wire,
                    "argument": name,
                    "in": place,
                    "type": types[name],
                    "required": place == "path" or name in positional,
                    "style": style,
                    "enum": allowed.get(name, []),
                }
            )
            # The list of required arguments is that of paths and queries, and must say the same.
            if place != "header" and (wire in required) != parameters[-1]["required"]:
                raise ValueError(f"{method.name}: is {wire} required?")
    parameters += prefixed_headers(method, types)
    used = {parameter["argument"] for parameter in parameters}
    body = body_of(call, types, positional)
    left = set(types) - used - OF_THE_SDK - ({body["argument"]} if body else set())
    if left:
        raise ValueError(f"{method.name}: what are {left}?")
    return {
        "name": method.name,
        "client": client,
        "method": ast.literal_eval(assigned["method"]),
        "path": ast.literal_eval(assigned["resource_path"]),
        "parameters": parameters,
        "body": body,
        "accept": headers["accept"],
        "content_type": headers.get("content-type"),
        "sign_body": "enforce_content_headers" not in call,
        "retries": any(
            isinstance(node, ast.If) and ast.unparse(node.test) == "retry_strategy is None" for node in method.body
        ),
    }


def last_call(method):
    """The keyword arguments of `call_api`, or of what calls it."""
    final = method.body[-1]
    if not isinstance(final, ast.If) or ast.unparse(final.test) != "retry_strategy":
        raise ValueError(f"{method.name}: does not end as all others do")
    call = final.orelse[0].value
    return {each.arg: each.value for each in call.keywords}


def constants(dictionary):
    return {
        key.value.lower(): value.value
        for key, value in zip(dictionary.keys, dictionary.values)
        if isinstance(value, ast.Constant)
    }


def entries(dictionary):
    if dictionary is None:
        return
    for key, value in zip(dictionary.keys, dictionary.values):
        if not isinstance(value, ast.Constant):
            yield key.value, value


def argument(value):
    """The argument of the method that a parameter has its value from, and how a list of them is written."""
    if isinstance(value, ast.Name):
        return value.id, None
    called = ast.unparse(value.func)
    if called == "kwargs.get":
        return value.args[0].value, None
    if called == "self.base_client.generate_collection_format_param":
        return argument(value.args[0])[0], value.args[1].value
    raise ValueError(f"unknown: {ast.unparse(value)}")


def allowed_values(method):
    """The values that each argument is compared with."""
    allowed = {}
    for node in ast.walk(method):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith("_allowed_values"):
            allowed[node.targets[0].id.removesuffix("_allowed_values")] = ast.literal_eval(node.value)
    return allowed


def documented_values(documented):
    """The same, for the few that the SDK documents and compares with nothing."""
    allowed = {}
    for found in documented:
        values = re.search(r"Allowed values are: (.*)", found["text"])
        # A text of `fields` names several, with commas.
        if values and found["type"] == "str" and found["name"] != "fields":
            allowed[found["name"]] = re.findall(r'"([^"]*)"', values[1])
    return allowed


def prefixed_headers(method, types):
    """A dictionary of which each member becomes a header, as `opc-meta-*` do."""
    for node in method.body:
        if isinstance(node, ast.For) and isinstance(node.body[0], ast.Assign):
            target = node.body[0].targets[0]
            if not isinstance(target, ast.Subscript) or target.value.id != "header_params":
                continue
            name = node.iter.args[0].args[0].value
            prefix = target.slice.values[0].value
            yield {
                "name": prefix,
                "argument": name,
                "in": "header",
                "type": types[name],
                "required": False,
                "style": "prefix",
                "enum": [],
            }


def body_of(call, types, positional):
    if "body" not in call:
        return None
    name, _ = argument(call["body"])
    return {"argument": name, "type": types[name], "required": name in positional}


def read_model(node):
    """The fields of a model by their names in JSON, and what tells its subtypes apart. Some are enumerations."""
    model = {"is_object": False, "fields": {}, "discriminator": None, "subtypes": {}}
    methods = [each for each in node.body if isinstance(each, ast.FunctionDef)]
    required, allowed, types, names = set(), {}, {}, {}
    for method in methods:
        if method.name == "__init__":
            for each in method.body:
                if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "self.swagger_types":
                    types = ast.literal_eval(each.value)
                    model["is_object"] = True
                elif isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "self.attribute_map":
                    names = ast.literal_eval(each.value)
        elif method.name == "get_subtype":
            read_subtypes(model, method)
        elif [ast.unparse(each) for each in method.decorator_list] == ["property"]:
            if "**[Required]**" in (ast.get_docstring(method) or ""):
                required.add(method.name)
        else:
            for each in method.body:
                if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "allowed_values":
                    allowed[method.name] = ast.literal_eval(each.value)
    for field, type_ in types.items():
        model["fields"][names[field]] = {
            "type": type_,
            "required": field in required,
            "enum": allowed.get(field, []),
        }
    return model


def read_subtypes(model, method):
    model["discriminator"] = method.body[1].value.slice.value
    for node in method.body[2:]:
        if isinstance(node, ast.If):
            model["subtypes"][node.test.comparators[0].value] = node.body[0].value.value
