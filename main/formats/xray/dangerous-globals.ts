/**
 * Names that a pickle has no honest use for: what they do when they are called, or what they lead to.
 * Gathered from Python's library reference, the advisories of pickle scanners, and torch and NumPy themselves.
 */

const RUNS_PROGRAMS = 'it runs programs of the system';
const RUNS_CODE = 'it runs code that the file brings along';
const REACHES_ALL = 'it reaches any other function by name';
const CALLS_ALL = 'it calls any other function';
const LOADS_MODULES = 'it loads and runs other modules';
const UNPICKLES = 'it reads another pickle, which may do anything';
const USES_NETWORK = 'it talks to other machines';
const TOUCHES_FILES = 'it reads, writes or removes files';
const TOUCHES_MEMORY = 'it reaches into the memory of the process';
const TOUCHES_PROCESS = 'it changes how the running program behaves';

/** Whole modules, submodules included, separated by spaces. */
const MODULES: readonly (readonly [why: string, ...modules: string[]])[] = [
  [
    RUNS_PROGRAMS,
    'os posix nt posixpath ntpath genericpath subprocess _posixsubprocess _winapi popen2 commands pty pexpect',
    'multiprocessing concurrent asyncio plumbum paramiko fabric winreg _winreg msilib win32api win32com psutil',
    'spwd pwd grp fcntl termios tty webbrowser antigravity idlelib turtledemo tkinter _tkinter ensurepip venv pip',
    'setuptools distutils _distutils_hack pkg_resources _aix_support _osx_support _pyrepl pydoc pyclbr cgitb',
    'test.support lib2to3 numpy.distutils torch.utils.collect_env pandas.util._print_versions',
  ],
  [
    RUNS_CODE,
    'code codeop timeit trace doctest pdb bdb profile cProfile _lsprof hotshot rlcompleter rexec Bastion ast dis',
    'inspect symtable unittest yaml ruamel jinja2 mako IPython ipykernel pyximport Cython nose _pytest pytest',
    'numpy.f2py numpy.testing torch.utils.bottleneck torch.utils._config_module torch.utils.data.datapipes',
    'torch.utils.cpp_extension torch.utils.hipify torch._inductor torch._dynamo torch._jit_internal torch._sources',
    'torch.fx torch._export torch.distributed.elastic torch.distributed.run torch.distributed.launch',
    'torch.distributed.launcher torch.distributed.rpc torch.distributed.nn torch.cuda.jiterator numba numexpr',
    'keras.saving keras.src.saving keras.models keras.src.models keras.layers.core.lambda_layer',
    'keras.src.layers.core.lambda_layer tensorflow.keras.models PIL.ImageMath scipy.weave sympy',
    'tensorflow.python.ops.script_ops pandas.core.computation',
  ],
  [
    LOADS_MODULES,
    'runpy importlib imp _imp pkgutil zipimport modulefinder site sitecustomize usercustomize ihooks',
    '_frozen_importlib _frozen_importlib_external logging.config torch.hub torch.jit torch.package torch._ops',
    'torch.ops torch._classes torch.classes torch.library torch._library torch.utils.model_zoo',
    'transformers.dynamic_module_utils transformers.pipelines tensorflow.python.framework.load_library',
  ],
  [
    CALLS_ALL,
    'threading _thread thread dummy_threading _dummy_thread sched atexit signal _signal weakref _weakref',
    'contextlib queue socketserver xmlrpc SimpleXMLRPCServer wsgiref select selectors dask distributed ray',
    'pyspark celery toolz cytoolz more_itertools funcy pydash wrapt pluggy blinker torch.multiprocessing',
  ],
  [TOUCHES_PROCESS, 'sys gc linecache _sitebuiltins tracemalloc faulthandler'],
  [TOUCHES_MEMORY, 'ctypes _ctypes cffi _cffi_backend mmap _xxsubinterpreters _interpreters numpy.ctypeslib'],
  [
    UNPICKLES,
    'pickle _pickle cPickle marshal shelve dill _dill cloudpickle jsonpickle dbm anydbm dumbdbm whichdb',
    'pickletools pickleshare srsly klepto joblib.memory joblib.parallel joblib.externals',
    'joblib._parallel_backends joblib._store_backends joblib.numpy_pickle_compat pandas.io',
    'pandas.compat.pickle_compat torch.utils.show_pickle tensorflow.python.saved_model',
  ],
  [
    TOUCHES_FILES,
    'shutil tempfile fileinput glob zipfile zipapp tarfile filecmp bz2 gzip lzma sqlite3 _sqlite3 mailbox netrc',
    'plistlib compileall py_compile tokenize numpy.lib scipy.io tensorflow.io tensorflow.python.lib.io',
    'tensorflow.python.ops.io_ops tensorflow.python.ops.gen_io_ops',
  ],
  [
    USES_NETWORK,
    'socket _socket ssl _ssl urllib urllib2 urllib3 http httplib httplib2 ftplib smtplib smtpd poplib imaplib',
    'nntplib telnetlib requests httpx aiohttp boto boto3 botocore websocket websockets asyncore asynchat cgi grpc',
    'huggingface_hub fsspec s3fs gcsfs smart_open zmq mlflow wandb keras.utils keras.src.utils',
    'tensorflow.keras.utils transformers.utils.hub',
  ],
];

/** Chosen names of modules that have harmless ones too, separated by spaces. A name covers what dots lead to from it. */
const NAMES: readonly (readonly [why: string, module: string, ...names: string[]])[] = [
  [
    RUNS_CODE,
    'builtins',
    'eval exec execfile compile __build_class__ breakpoint help exit quit input raw_input',
  ],
  [
    REACHES_ALL,
    'builtins',
    'getattr setattr delattr hasattr vars globals locals dir super property classmethod staticmethod __dict__',
  ],
  [LOADS_MODULES, 'builtins', '__import__ reload __loader__ __spec__'],
  [CALLS_ALL, 'builtins', 'apply map filter reduce iter next'],
  [TOUCHES_FILES, 'builtins', 'open file'],
  [TOUCHES_MEMORY, 'builtins', 'memoryview buffer'],
  [
    RUNS_CODE,
    'types',
    'CodeType FunctionType LambdaType MethodType BuiltinFunctionType BuiltinMethodType ModuleType new_class',
    'prepare_class CellType',
  ],
  [RUNS_CODE, 'typing', 'get_type_hints ForwardRef _eval_type'],
  [RUNS_CODE, 'dataclasses', 'make_dataclass _create_fn'],
  [RUNS_CODE, 'gettext', 'c2py'],
  [RUNS_PROGRAMS, 'platform', 'popen _syscmd_ver _syscmd_file _syscmd_uname _syscmd_uptime'],
  [RUNS_PROGRAMS, 'uuid', '_get_command_stdout _popen _ipconfig_getnode _ifconfig_getnode _find_mac'],
  [REACHES_ALL, 'string', 'Formatter'],
  [REACHES_ALL, 'operator', 'attrgetter itemgetter methodcaller call getitem setitem delitem'],
  [REACHES_ALL, '_operator', 'attrgetter itemgetter methodcaller call getitem setitem delitem'],
  [
    CALLS_ALL,
    'functools',
    'partial partialmethod reduce singledispatch update_wrapper wraps cached_property cmp_to_key lru_cache cache',
  ],
  [CALLS_ALL, '_functools', 'partial reduce cmp_to_key _lru_cache_wrapper'],
  [CALLS_ALL, 'itertools', 'starmap accumulate takewhile dropwhile filterfalse groupby'],
  [
    TOUCHES_PROCESS,
    'copyreg',
    'pickle constructor add_extension remove_extension clear_extension_cache dispatch_table _extension_registry',
    '_inverted_registry _extension_cache',
  ],
  [TOUCHES_PROCESS, 'warnings', 'showwarning formatwarning filters _setoption'],
  [TOUCHES_FILES, 'logging', 'FileHandler handlers basicConfig'],
  [TOUCHES_FILES, 'io', 'open open_code FileIO OpenWrapper'],
  [TOUCHES_FILES, '_io', 'open open_code FileIO'],
  [TOUCHES_FILES, '_pyio', 'open open_code FileIO'],
  [TOUCHES_FILES, 'codecs', 'open EncodedFile'],
  [UNPICKLES, 'joblib', 'load'],
  [UNPICKLES, 'joblib.numpy_pickle', 'load _unpickle load_temporary_memmap NumpyUnpickler'],
  [
    UNPICKLES,
    'torch',
    'load save compile export _load_global_deps from_file _C.import_ir_module _C._import_ir_module_from_package',
  ],
  [UNPICKLES, 'torch.storage', '_load_from_bytes'],
  [
    UNPICKLES,
    'torch.serialization',
    'load save _legacy_load _load add_safe_globals safe_globals clear_safe_globals register_package',
  ],
  [UNPICKLES, 'torch._weights_only_unpickler', 'load Unpickler _add_safe_globals'],
  [UNPICKLES, 'torch.distributed', 'broadcast_object_list'],
  [UNPICKLES, 'torch.distributed.distributed_c10d', '_tensor_to_object _unpickler broadcast_object_list'],
  [
    TOUCHES_FILES,
    'numpy',
    'load save savez savez_compressed fromfile loadtxt savetxt genfromtxt memmap DataSource core.records.fromfile',
    '_core.records.fromfile',
  ],
  [CALLS_ALL, 'numpy', 'vectorize frompyfunc apply_along_axis apply_over_axes piecewise fromfunction'],
  [UNPICKLES, 'pandas', 'read_pickle read_hdf'],
  [RUNS_CODE, 'pandas', 'eval DataFrame.eval DataFrame.query'],
  [TOUCHES_FILES, 'pandas', 'read_csv read_json read_sql read_html read_xml read_table'],
  [RUNS_CODE, 'tensorflow', 'py_function numpy_function load_op_library load_library raw_ops'],
  [TOUCHES_FILES, 'tensorflow', 'saved_model'],
  [RUNS_CODE, 'keras', 'Lambda layers.Lambda'],
  [LOADS_MODULES, 'transformers', 'pipeline AutoModel AutoTokenizer AutoConfig'],
];

/** Attributes that lead from any object to everything else. */
const LEADING_ATTRIBUTES = words(
  '__class__ __base__ __bases__ __mro__ __subclasses__ __globals__ __builtins__ __dict__ __code__ __closure__',
  '__func__ __self__ __getattribute__ __getattr__ __setattr__ __delattr__ __reduce__ __reduce_ex__ __import__',
  '__loader__ __spec__ __init_subclass__ __call__ __wrapped__ __init__ __new__ __del__ __get__ __set__',
  'func_globals gi_frame f_globals f_builtins tb_frame cr_frame',
);

/** `from utils import code` need not be Python's own `code`; `from utils import os` can be nothing else. */
const UNMISTAKABLE = words(
  'os posix nt sys subprocess builtins pty shutil ctypes socket importlib runpy pickle marshal',
);

/** The same modules by other names. */
const SAME_MODULES: ReadonlyMap<string, string> = new Map([
  ['__builtin__', 'builtins'],
  ['__builtins__', 'builtins'],
  ['copy_reg', 'copyreg'],
]);

export function canonicalModule(module: string): string {
  return SAME_MODULES.get(module) ?? module;
}

const WHOLE: ReadonlyMap<string, string> = new Map(
  MODULES.flatMap(([why, ...modules]) => [...words(...modules)].map((module) => [module, why] as const)),
);
const CHOSEN: ReadonlyMap<string, string> = new Map(
  NAMES.flatMap(([why, module, ...names]) =>
    [...words(...names)].map((name) => [`${module}.${name}`, why] as const),
  ),
);

function words(...lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.flatMap((line) => line.split(' ')));
}

/**
 * Why a name is dangerous, completing a sentence; undefined where it is not known to be.
 * Python follows the dots of a name, so `torch` with `serialization.os.system` is `os.system` as well.
 */
export function dangerOf(module: string, name: string): string | undefined {
  if (/[(<\s]/.test(module + name)) return 'its name is put together while the file is loaded';
  const modulePath = canonicalModule(module).split('.');
  const namePath = name.split('.');
  const path = [...modulePath, ...namePath];
  if (path.some((part) => LEADING_ATTRIBUTES.has(part))) return CHOSEN.get(path.join('.')) ?? REACHES_ALL;
  const direct = dangerAlong(path);
  if (direct !== undefined) return direct;
  // what the name leads to may be another module, with its own names behind it
  for (let begin = modulePath.length; begin < path.length; begin++) {
    const rest = [canonicalModule(path[begin]!), ...path.slice(begin + 1)];
    const why = rest.length > 1 || UNMISTAKABLE.has(rest[0]!) ? dangerAlong(rest) : undefined;
    if (why !== undefined) return why;
  }
  return undefined;
}

/** Looks up every beginning of a path. */
function dangerAlong(path: readonly string[]): string | undefined {
  let beginning = '';
  for (const part of path) {
    beginning = beginning === '' ? part : `${beginning}.${part}`;
    const why = WHOLE.get(beginning) ?? CHOSEN.get(beginning);
    if (why !== undefined) return why;
  }
  return undefined;
}
