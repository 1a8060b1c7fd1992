import { whenOpened, type LimitCase } from '#test/main/bytes/limits/limit-case.ts';

export const HDF5_LIMITS: readonly LimitCase[] = [
  whenOpened(
    'HDF5_USER_BLOCK_BYTES',
    300,
    'hdf5/superblock-1-user-block.h5',
    'no format that we know begins like this file',
  ),
  whenOpened('HDF5_HEADER_BLOCKS', 1, 'hdf5/shared-messages.h5', 'd1: an object header has no end'),
  whenOpened('HDF5_HEADER_MESSAGES', 2, 'hdf5/chunks-2.0.h5', 'early: an object header has no end'),
  whenOpened('HDF5_TREE_DEPTH', 0, 'hdf5/groups-dense.h5', 'dense: a B-tree header makes no sense'),
  whenOpened('HDF5_HEAP_BLOCK_BYTES', 300, 'hdf5/groups-dense.h5', 'dense: a fractal heap makes no sense'),
  whenOpened('HDF5_TYPE_DEPTH', 0, 'hdf5/types-new.h5', 'bool: a datatype is nested too deeply'),
  whenOpened('HDF5_TYPE_MEMBERS', 2, 'hdf5/types.h5', 'enum: a datatype of 3 members'),
  whenOpened('HDF5_LINKS', 40, 'hdf5/groups-dense.h5', 'dense: a group has more links than are read'),
  whenOpened(
    'HDF5_TEXT_BYTES',
    8,
    'hdf5/attributes-old.h5',
    'an attribute fixed: the file has more text than is read when it is opened',
  ),
  whenOpened('HDF5_ATTRIBUTE_ITEMS', 1, 'hdf5/attributes-old.h5', '<2 values>'),
  whenOpened('HDF5_DEPTH', 2, 'hdf5/groups-new.h5', 'a/b/c: groups are nested deeper than 2'),
  whenOpened(
    'HDF5_PATH_CHARACTERS',
    8,
    'hdf5/chunks-many.h5',
    'fixed_pages: the file has more paths than are read',
  ),
  whenOpened(
    'HDF5_LINK_HOPS',
    1,
    'hdf5/groups-new.h5',
    'soft_to_soft is a link that leads to links without end',
  ),
  whenOpened(
    'NBIT_ELEMENT_BYTES',
    1,
    'hdf5/filters-old.h5',
    'a chunk packed with the N-bit filter is damaged',
  ),
  whenOpened('NBIT_STEPS', 0, 'hdf5/filters-old.h5', 'a chunk packed with the N-bit filter is damaged'),
];
