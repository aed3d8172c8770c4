"""Names of packages that are imitated, and names near them that are somebody's honest own."""

PYPI = frozenset({
    "aiobotocore", "aiofiles", "aiohappyeyeballs", "aiohttp", "aiosignal", "alembic", "annotated-doc",
    "annotated-types", "anthropic", "anyio", "asgiref", "asn1crypto", "asttokens", "async-timeout", "attrs",
    "authlib", "awscli", "babel", "backoff", "bcrypt", "beautifulsoup4", "black", "blinker", "boto3",
    "botocore", "build", "cachecontrol", "cachetools", "celery", "certifi", "chardet", "charset-normalizer",
    "click", "cloudpickle", "colorama", "contourpy", "coverage", "cryptography", "cycler", "cython",
    "databricks-sdk", "databricks-sql-connector", "datasets", "dbt-core", "debugpy", "decorator",
    "defusedxml", "deprecated", "discord-py", "distlib", "distro", "django", "dnspython", "docker",
    "docstring-parser", "docutils", "durationpy", "editables", "email-validator", "et-xmlfile",
    "exceptiongroup", "execnet", "executing", "fastapi", "fastjsonschema", "filelock", "flask", "fonttools",
    "frozenlist", "fsspec", "gcsfs", "gitdb", "gitpython", "google-analytics-admin", "google-api-core",
    "google-api-python-client", "google-auth", "google-auth-httplib2", "google-auth-oauthlib",
    "google-crc32c", "google-genai", "google-resumable-media", "googleapis-common-protos", "gradio",
    "greenlet", "grpc-google-iam-v1", "grpcio", "gunicorn", "hatchling", "hf-xet", "hpack", "httpcore",
    "httplib2", "httptools", "httpx", "httpx-sse", "huggingface-hub", "hyperframe", "identify",
    "importlib-metadata", "importlib-resources", "iniconfig", "ipython", "isodate", "itsdangerous",
    "jaraco-classes", "jaraco-context", "jaraco-functools", "jeepney", "jinja2", "jiter", "jmespath",
    "joblib", "joserfc", "jsonpatch", "jsonpointer", "jsonschema", "jsonschema-specifications", "keras",
    "keyring", "kiwisolver", "kubernetes", "langchain", "librt", "litellm", "markdown", "markdown-it-py",
    "markupsafe", "marshmallow", "matplotlib", "matplotlib-inline", "mdurl", "more-itertools", "mpmath",
    "msal-extensions", "msgpack", "multidict", "multiprocess", "mypy-extensions", "nest-asyncio",
    "networkx", "nodeenv", "numpy", "oauthlib", "openai", "opencv-python", "openpyxl", "orjson",
    "packaging", "pandas", "pandas-stubs", "paramiko", "parso", "pathspec", "pdfplumber", "pexpect",
    "pillow", "platformdirs", "playwright", "plotly", "pluggy", "poetry-core", "pre-commit",
    "prometheus-client", "prompt-toolkit", "propcache", "proto-plus", "protobuf", "psutil", "psycopg2",
    "psycopg2-binary", "ptyprocess", "pure-eval", "pyarrow", "pyasn1", "pyasn1-modules", "pycparser",
    "pycryptodome", "pydantic", "pydantic-ai-slim", "pydantic-core", "pydantic-graph", "pydantic-settings",
    "pygments", "pyjwt", "pymongo", "pynacl", "pyopenssl", "pyparsing", "pypdf", "pyperclip",
    "pyproject-hooks", "pytest", "pytest-asyncio", "pytest-cov", "pytest-json-ctrf", "pytest-xdist",
    "python-dateutil", "python-discovery", "python-docx", "python-dotenv", "python-json-logger",
    "python-multipart", "python-pptx", "pytorch", "pyyaml", "pyzmq", "rapidfuzz", "redis", "referencing",
    "regex", "reportlab", "requests", "requests-oauthlib", "requests-toolbelt", "rpds-py", "ruamel-yaml",
    "s3transfer", "scikit-learn", "scipy", "seaborn", "secretstorage", "selenium", "sentry-sdk",
    "setuptools", "setuptools-scm", "sglang", "shellingham", "smmap", "sniffio",
    "snowflake-connector-python", "solana", "sortedcontainers", "soupsieve", "sqlalchemy", "sqlparse",
    "sse-starlette", "stack-data", "starlette", "streamlit", "sympy", "tabulate", "telethon", "tenacity",
    "tensorflow", "termcolor", "textual", "threadpoolctl", "tiktoken", "tokenizers", "tomli", "tomlkit",
    "tornado", "traitlets", "transformers", "tree-sitter", "trove-classifiers", "typer",
    "typing-extensions", "typing-inspect", "typing-inspection", "tzdata", "tzlocal", "uritemplate",
    "urllib3", "uvicorn", "uvloop", "vcs-versioning", "virtualenv", "watchdog", "watchfiles", "wcwidth",
    "weaviate-client", "webencodings", "websocket-client", "websockets", "werkzeug", "wheel", "wrapt",
    "xmltodict", "xxhash", "zstandard",
})  # fmt: skip
"""Among the most downloaded of PyPI, normalised."""

PYPI_OTHERS = frozenset({
    "aiofile", "attr", "beautifulsoup", "boto", "bpython", "cattrs", "cchardet", "crick", "ctransformers",
    "cwcwidth", "dataset", "datazets", "dbt-score", "djongo", "fastai", "git-python", "gitdb2", "gpytorch",
    "grequests", "gsutil", "httpr", "hyper", "identity", "isolate", "jiwer", "jsonpath", "markdown2",
    "mocker", "myjwt", "nest-asyncio2", "openapi", "parse", "parsl", "parsy", "psycopg", "psycopg-binary",
    "pyaml", "pyasn", "pycryptodomex", "pypd", "pypdf2", "pypdf3", "pypdf4", "pytest-csv", "scapy", "scipp",
    "scrypt", "simpy", "slack", "smmap2", "solara", "spython", "tombi", "toml", "torch", "unicorn",
    "vbuild", "vyper", "websocket", "willow", "wsgiref", "xoto3",
})  # fmt: skip
"""Widely used packages of PyPI whose names differ by a letter from one above."""

NPM = frozenset({
    "angular", "async", "autoprefixer", "axios", "babel-core", "bcrypt", "body-parser", "bootstrap",
    "chalk", "cheerio", "colors", "commander", "cookie-parser", "cross-env", "cross-fetch", "debug",
    "discord.js", "dotenv", "electron", "esbuild", "eslint", "ethers", "exceljs", "express", "firebase",
    "fs-extra", "graphql", "husky", "inquirer", "jquery", "jsonwebtoken", "lint-staged", "lodash",
    "minimist", "mocha", "moment", "mongoose", "mysql", "node-fetch", "nodemailer", "nodemon", "openai",
    "passport", "pdf-lib", "playwright", "postcss", "pptxgenjs", "prettier", "prisma", "puppeteer", "react",
    "react-dom", "redux", "request", "rimraf", "rollup", "semver", "sequelize", "sharp", "socket.io",
    "storybook", "tailwindcss", "typescript", "underscore", "webpack", "winston", "yargs",
})  # fmt: skip
"""Among the most downloaded of npm."""

NPM_OTHERS = frozenset({
    "args", "color", "colord", "crypt", "enquirer", "fs.extra", "gaxios", "graphiql", "jslint", "mquery",
    "mssql", "mysql2", "preact", "scrypt", "storyblok", "tslint", "ttypescript", "vargs", "vasync",
})  # fmt: skip
"""Widely used packages of npm whose names differ by a letter from one above."""
