package dev.quoll.boot.disk;

import dev.quoll.devices.block.DiskImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Reads files from ext2, ext3 and ext4 (Linux's Documentation/filesystems/ext4). The journal is not replayed: after a crash of the
 * guest, what it had written in its last seconds may be missing. The file system is a guest's and may be hostile: every number is
 * checked against the partition, no loop ends only because an entry says so, and nothing larger than the caller allows is held.
 */
public final class Ext4 {
    /** A file, or what else has an inode. */
    private record Inode(int mode, long size, int flags, ByteBuffer block) {
        private boolean is(int type) {
            return (mode & 0xf000) == type;
        }
    }

    private static final int SUPERBLOCK = 1024;
    private static final int MAGIC = 0xef53;
    private static final int ROOT_INODE = 2;
    private static final int FOLDER = 0x4000;
    private static final int REGULAR = 0x8000;
    private static final int LINK = 0xa000;
    private static final int FLAG_EXTENTS = 0x80000;
    private static final int FLAG_INLINE_DATA = 0x10000000;
    private static final int FLAG_ENCRYPTED = 0x800;

    private static final int INCOMPATIBLE_64BIT = 0x80;
    /** File types in folders, journal to replay, extents, 64 bits, multiple mounts, flexible groups, large xattrs, seeds, large folders. */
    private static final int UNDERSTOOD = 0x2 | 0x4 | 0x40 | INCOMPATIBLE_64BIT | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000
            // These concern single files, which say so themselves.
            | 0x8000 | 0x10000 | 0x20000;

    private static final int MAX_LINKS = 16;
    private static final int MAX_PATH = 4096;
    private static final int MAX_FOLDER = 16 << 20;
    private static final int MAX_EXTENT_DEPTH = 5;

    private final DiskImage disk;
    private final Partition partition;
    private final int blockSize;
    private final long inodes;
    private final long inodesPerGroup;
    private final int inodeSize;
    private final int descriptorSize;
    private final long descriptors;
    private final UUID id;

    private Ext4(DiskImage disk, Partition partition, ByteBuffer superblock) throws IOException {
        this.disk = disk;
        this.partition = partition;
        int logarithm = superblock.getInt(24);
        require(logarithm >= 0 && logarithm <= 6, "block size");
        this.blockSize = 1024 << logarithm;
        this.inodes = unsigned(superblock, 0);
        this.inodesPerGroup = unsigned(superblock, 40);
        require(inodesPerGroup > 0, "number of inodes per group");
        int incompatible = superblock.getInt(96);
        int unknown = incompatible & ~UNDERSTOOD;
        if (unknown != 0) {
            throw new IOException("the file system of partition %d has features that are not supported (%#x)".formatted(partition.number(), unknown));
        }
        this.inodeSize = superblock.getInt(76) == 0 ? 128 : superblock.getShort(88) & 0xffff;
        require(inodeSize >= 128 && inodeSize <= blockSize, "inode size");
        this.descriptorSize = (incompatible & INCOMPATIBLE_64BIT) == 0 ? 32 : superblock.getShort(254) & 0xffff;
        require(descriptorSize >= 32 && descriptorSize <= 1024, "descriptor size");
        this.descriptors = (unsigned(superblock, 20) + 1) * blockSize;
        ByteBuffer uuid = ByteBuffer.wrap(superblock.array(), 104, 16).slice();
        this.id = new UUID(uuid.getLong(0), uuid.getLong(8));
    }

    /**
     * The file system in a partition, or empty when it is another.
     *
     * @throws IOException when it is one of these and damaged, or has features that reading needs to know
     */
    public static Optional<Ext4> in(DiskImage disk, Partition partition) throws IOException {
        if (partition.length() < 2 * SUPERBLOCK) {
            return Optional.empty();
        }
        ByteBuffer superblock = PartitionTable.bytes(disk, partition.start() + SUPERBLOCK, SUPERBLOCK);
        return (superblock.getShort(56) & 0xffff) == MAGIC ? Optional.of(new Ext4(disk, partition, superblock)) : Optional.empty();
    }

    /** The UUID, as {@code root=UUID=...} wants it. */
    public UUID id() {
        return id;
    }

    /**
     * The content of a regular file, through symbolic links.
     *
     * @param path absolute
     * @param limit most bytes it may have
     * @return empty when there is no such file
     */
    public Optional<byte[]> read(String path, int limit) throws IOException {
        Optional<Inode> found = find(path);
        return found.isPresent() && found.get().is(REGULAR) ? Optional.of(content(found.get(), path, limit)) : Optional.empty();
    }

    /** The names in a folder, sorted; none when there is no such folder. */
    public List<String> list(String path) throws IOException {
        Optional<Inode> found = find(path);
        return found.isPresent() && found.get().is(FOLDER) ? List.copyOf(entries(found.get(), path).keySet()) : List.of();
    }

    private Optional<Inode> find(String path) throws IOException {
        List<Inode> way = new ArrayList<>(List.of(inode(ROOT_INODE)));
        List<String> rest = new ArrayList<>(parts(path));
        int links = 0;
        while (!rest.isEmpty()) {
            String name = rest.removeFirst();
            if (name.equals("..")) {
                if (way.size() > 1) {
                    way.removeLast();
                }
                continue;
            }
            if (!way.getLast().is(FOLDER)) {
                return Optional.empty();
            }
            Long number = entries(way.getLast(), path).get(name);
            if (number == null) {
                return Optional.empty();
            }
            Inode next = inode(number);
            if (next.is(LINK)) {
                String target = target(next, path);
                if (++links > MAX_LINKS || rest.size() > MAX_PATH) {
                    return Optional.empty();
                }
                if (target.startsWith("/")) {
                    way.subList(1, way.size()).clear();
                }
                rest.addAll(0, parts(target));
            } else {
                way.add(next);
            }
        }
        return Optional.of(way.getLast());
    }

    private static List<String> parts(String path) {
        return List.of(path.split("/")).stream().filter(part -> !part.isEmpty() && !part.equals(".")).toList();
    }

    private String target(Inode link, String path) throws IOException {
        if (link.size < 60 && (link.flags & FLAG_EXTENTS) == 0) {
            byte[] inline = new byte[(int) link.size];
            link.block.get(0, inline);
            return new String(inline, StandardCharsets.UTF_8);
        }
        return new String(content(link, path, MAX_PATH), StandardCharsets.UTF_8);
    }

    private TreeMap<String, Long> entries(Inode folder, String path) throws IOException {
        ByteBuffer content = ByteBuffer.wrap(content(folder, path, MAX_FOLDER)).order(ByteOrder.LITTLE_ENDIAN);
        TreeMap<String, Long> entries = new TreeMap<>();
        // Blocks of a tree of hashes look like entries without an inode, so that a folder can always be read from end to end.
        for (int at = 0; at + 8 <= content.limit(); ) {
            int length = content.getShort(at + 4) & 0xffff;
            int nameLength = content.get(at + 6) & 0xff;
            if (length < 8 || nameLength > length - 8 || length > content.limit() - at) {
                throw damaged("folder on the way to " + path);
            }
            long number = unsigned(content, at);
            if (number != 0) {
                entries.put(new String(content.array(), at + 8, nameLength, StandardCharsets.UTF_8), number);
            }
            at += length;
        }
        return entries;
    }

    private Inode inode(long number) throws IOException {
        require(number >= 1 && number <= inodes, "inode number");
        long group = (number - 1) / inodesPerGroup;
        ByteBuffer descriptor = bytes(descriptors + group * descriptorSize, descriptorSize);
        long table = unsigned(descriptor, 8) | (descriptorSize >= 64 ? unsigned(descriptor, 40) << 32 : 0);
        long index = (number - 1) % inodesPerGroup;
        ByteBuffer inode = bytes(at(table) + index * inodeSize, 128);
        return new Inode(inode.getShort(0) & 0xffff, unsigned(inode, 4) | unsigned(inode, 108) << 32, inode.getInt(32),
                inode.slice(40, 60).order(ByteOrder.LITTLE_ENDIAN));
    }

    private byte[] content(Inode inode, String path, int limit) throws IOException {
        if (inode.size < 0 || inode.size > limit) {
            throw new IOException("the file %s on partition %d is too large: %d bytes".formatted(path, partition.number(), inode.size));
        }
        if ((inode.flags & (FLAG_INLINE_DATA | FLAG_ENCRYPTED)) != 0) {
            throw new IOException("the file %s on partition %d is stored in a way that is not supported".formatted(path, partition.number()));
        }
        byte[] content = new byte[(int) inode.size];
        long blocks = (inode.size + blockSize - 1) / blockSize;
        for (long block = 0; block < blocks; ) {
            Run run = (inode.flags & FLAG_EXTENTS) != 0 ? extent(inode.block, block) : mapped(inode.block, block);
            long count = Math.min(run.count, blocks - block);
            int from = (int) (block * blockSize);
            int length = (int) Math.min(count * blockSize, content.length - from);
            if (run.place != 0) {
                requireWithin(at(run.place), length);
                disk.read(partition.start() + at(run.place), ByteBuffer.wrap(content, from, length));
            }
            block += count;
        }
        return content;
    }

    /** Blocks side by side, in the file and on the disk; a place of 0 is a hole. */
    private record Run(long place, long count) {}

    /** Looks a block up in the tree of extents ("Extent Tree"). */
    private Run extent(ByteBuffer root, long block) throws IOException {
        ByteBuffer node = root;
        int depth = node.getShort(6) & 0xffff;
        require(depth <= MAX_EXTENT_DEPTH, "depth of a tree of extents");
        long next = 1L << 32;
        while (true) {
            int count = node.getShort(2) & 0xffff;
            require((node.getShort(0) & 0xffff) == 0xf30a && count <= (node.limit() - 12) / 12
                    && (node.getShort(6) & 0xffff) == depth, "tree of extents");
            int at = -1;
            for (int i = 1; i <= count; i++) {
                long first = unsigned(node, 12 * i);
                if (first > block) {
                    next = Math.min(next, first);
                    break;
                }
                at = 12 * i;
            }
            if (at < 0) {
                return new Run(0, next - block);
            }
            if (depth == 0) {
                return leaf(node, at, block, next);
            }
            node = bytes(at(unsigned(node, at + 4) | (node.getShort(at + 8) & 0xffffL) << 32), blockSize);
            depth--;
        }
    }

    private static Run leaf(ByteBuffer node, int at, long block, long next) {
        long skipped = block - unsigned(node, at);
        int stored = node.getShort(at + 4) & 0xffff;
        boolean written = stored <= 32768;
        int length = written ? stored : stored - 32768;
        if (skipped >= length) {
            return new Run(0, next - block);
        }
        long place = unsigned(node, at + 8) | (node.getShort(at + 6) & 0xffffL) << 32;
        return new Run(written ? place + skipped : 0, length - skipped);
    }

    /** Looks a block up in the older map: twelve blocks, then trees of one to three levels ("Direct/Indirect Block Addressing"). */
    private Run mapped(ByteBuffer map, long block) throws IOException {
        if (block < 12) {
            return new Run(unsigned(map, (int) block * 4), 1);
        }
        long perBlock = blockSize / 4;
        long rest = block - 12;
        long span = perBlock;
        for (int levels = 1; levels <= 3; levels++) {
            if (rest < span) {
                return new Run(descend(unsigned(map, (11 + levels) * 4), levels, rest), 1);
            }
            rest -= span;
            span *= perBlock;
        }
        throw damaged("size of a file");
    }

    /** The entry number {@code index} below a block of numbers of so many levels. */
    private long descend(long top, int levels, long index) throws IOException {
        long place = top;
        long rest = index;
        long below = Math.powExact((long) blockSize / 4, levels - 1);
        for (int level = levels; place != 0 && level > 0; level--) {
            place = unsigned(bytes(at(place) + rest / below * 4, 4), 0);
            rest %= below;
            below = Math.max(1, below / (blockSize / 4));
        }
        return place;
    }

    private long at(long block) throws IOException {
        require(block > 0 && block < partition.length() / blockSize, "block number");
        return block * blockSize;
    }

    private ByteBuffer bytes(long offset, int count) throws IOException {
        requireWithin(offset, count);
        return PartitionTable.bytes(disk, partition.start() + offset, count);
    }

    private void requireWithin(long offset, long count) throws IOException {
        require(offset >= 0 && offset <= partition.length() - count, "place of a block");
    }

    private void require(boolean holds, String what) throws IOException {
        if (!holds) {
            throw damaged(what);
        }
    }

    private IOException damaged(String what) {
        return new IOException("the file system of partition %d is damaged: an impossible %s".formatted(partition.number(), what));
    }

    private static long unsigned(ByteBuffer bytes, int at) {
        return Integer.toUnsignedLong(bytes.getInt(at));
    }
}
