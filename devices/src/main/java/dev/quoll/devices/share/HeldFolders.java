package dev.quoll.devices.share;

import dev.quoll.bindings.Errno;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.linux.linux_h;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Linux: folders are held by open descriptors, and every name is looked up in one of them, through {@code /proc/self/fd/N/name}, which
 * the kernel resolves from the descriptor (proc_pid_fd(5)) as the {@code openat} family of calls would. Each step of a path is opened
 * with O_NOFOLLOW, so that a symbolic link put in a folder's place, at whatever moment, is an error and leads nowhere. Files are held by
 * O_PATH descriptors, which open no device and wait for no FIFO, before they are looked at and opened.
 */
final class HeldFolders implements FolderAccess {
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final int HOLD = linux_h.O_PATH() | linux_h.O_NOFOLLOW();
    private static final int HOLD_FOLDER = HOLD | linux_h.O_DIRECTORY();
    private static final LinkOption[] FOLLOW = {};
    /** Folders held at a time. */
    private static final int MOST_HELD = 256;
    /** Folders within folders: a chain that is longer has come about by moves behind our back, and may be a circle. */
    static final int DEEPEST = 1024;

    private final FileDescriptor root;
    private final Map<Inode, FileDescriptor> held = new LinkedHashMap<>(64, 0.75f, true);

    /** @throws dev.quoll.bindings.NativeException when the folder cannot be opened */
    HeldFolders(Path folder) {
        root = FileDescriptor.open(folder.toString(), linux_h.O_PATH() | linux_h.O_DIRECTORY());
    }

    /** Whether this host has what is needed. */
    static boolean possible() {
        return Files.isDirectory(DESCRIPTORS);
    }

    private static Path path(FileDescriptor descriptor) {
        return DESCRIPTORS.resolve(Integer.toString(descriptor.number()));
    }

    @Override
    public LinkOption[] folderOptions() {
        return FOLLOW;
    }

    @Override
    public Path folder(Inode folder, Check check) throws IOException {
        if (folder.id == InodeTable.ROOT) {
            return path(root);
        }
        FileDescriptor known = held.get(folder);
        return path(known != null ? known : open(folder, check));
    }

    /** Opens a folder from the nearest one above it that is held. */
    private FileDescriptor open(Inode folder, Check check) throws IOException {
        Deque<String> names = new ArrayDeque<>();
        FileDescriptor start = null;
        for (Inode at = folder; start == null; ) {
            if (at.places().isEmpty()) {
                throw new FuseException(Errno.ESTALE);
            }
            if (names.size() == DEEPEST) {
                throw new FuseException(Errno.ELOOP);
            }
            Inode.Place place = at.places().getFirst();
            names.push(place.name());
            at = place.folder();
            start = at.id == InodeTable.ROOT ? root : held.get(at);
        }
        FileDescriptor current = start;
        for (String name : names) {
            FileDescriptor next;
            try {
                next = FileDescriptor.open(path(current).resolve(name).toString(), HOLD_FOLDER);
            } finally {
                if (current != start) {
                    current.close();
                }
            }
            current = next;
        }
        if (!check.holds(path(current), FOLLOW)) {
            current.close();
            throw new FuseException(Errno.ESTALE);
        }
        keep(folder, current);
        return current;
    }

    private void keep(Inode folder, FileDescriptor descriptor) {
        held.put(folder, descriptor);
        if (held.size() > MOST_HELD) {
            var eldest = held.entrySet().iterator();
            eldest.next().getValue().close();
            eldest.remove();
        }
    }

    @Override
    public <T> T hold(Path path, Check check, Action<T> action) throws IOException {
        try (FileDescriptor file = FileDescriptor.open(path.toString(), HOLD)) {
            if (!check.holds(path(file), FOLLOW)) {
                throw new FuseException(Errno.ESTALE);
            }
            return action.with(path(file), FOLLOW);
        }
    }

    @Override
    public void drop(Inode inode) {
        FileDescriptor descriptor = held.remove(inode);
        if (descriptor != null) {
            descriptor.close();
        }
    }

    @Override
    public void close() {
        held.values().forEach(FileDescriptor::close);
        held.clear();
        root.close();
    }
}
