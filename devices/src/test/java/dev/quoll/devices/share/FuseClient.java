package dev.quoll.devices.share;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.bindings.Errno;
import dev.quoll.devices.virtio.Chains;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The guest's side of a FUSE session, in the way of Linux's driver, without a guest. */
final class FuseClient implements AutoCloseable {
    static final int ROOM = 16 + FuseRequest.MAX_DATA;
    static final int O_RDWR = OpenFile.O_RDWR;

    /** @param error 0, or a negative error number */
    record Answer(int error, ByteBuffer body) {
        Answer ok() {
            assertThat(error).as("error %s", name()).isZero();
            return this;
        }

        void fails(Errno expected) {
            assertThat(name()).isEqualTo(expected.name());
        }

        private String name() {
            return Errno.of(-error).map(Errno::name).orElse("error " + error);
        }
    }

    record Entry(long node, FileAttributesSeen attributes) {}

    record FileAttributesSeen(long inode, long size, long mtime, int mode, int links, int uid) {}

    record Listed(String name, long inode, int type) {}

    private final Chains chains = new Chains();
    private final FuseServer server;
    private long unique = 1;

    FuseClient(Path folder, boolean readOnly, Ownership ownership) {
        server = new FuseServer(new Share(new SharedTree(folder), ownership), readOnly);
        init();
    }

    FuseServer server() {
        return server;
    }

    void init() {
        ByteBuffer answer = call(FuseOpcode.INIT, 0, body(64).putInt(7).putInt(36).putInt(1 << 17).putInt(-1)).ok().body;
        assertThat(answer.getInt(0)).isEqualTo(7);
        assertThat(answer.getInt(20)).isEqualTo(FuseRequest.MAX_DATA);
    }

    static ByteBuffer body(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    Answer call(FuseOpcode opcode, long node, ByteBuffer body) {
        return call(opcode.number(), node, body.array(), opcode.hasReply() ? ROOM : 0);
    }

    Answer call(int opcode, long node, byte[] body, int room) {
        ByteBuffer request = body(FuseRequest.HEADER + body.length);
        request.putInt(request.capacity()).putInt(opcode).putLong(++unique).putLong(node).putLong(0).putLong(0);
        request.put(body);
        return raw(request.array(), room);
    }

    Answer raw(byte[] request, int room) {
        server.serve(chains.with(request, room));
        byte[] written = chains.written();
        if (written.length == 0) {
            return new Answer(0, body(0));
        }
        ByteBuffer answer = ByteBuffer.wrap(written).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(answer.getInt(0)).as("length of the answer").isEqualTo(written.length);
        return new Answer(answer.getInt(4), answer.slice(16, written.length - 16).order(ByteOrder.LITTLE_ENDIAN));
    }

    Answer named(FuseOpcode opcode, long node, ByteBuffer head, String... names) {
        byte[] text = (String.join("\0", names) + "\0").getBytes(StandardCharsets.UTF_8);
        ByteBuffer whole = body(head.capacity() + text.length);
        whole.put(head.array()).put(text);
        return call(opcode, node, whole);
    }

    Answer lookup(long folder, String name) {
        return named(FuseOpcode.LOOKUP, folder, body(0), name);
    }

    static Entry entry(ByteBuffer body) {
        return new Entry(body.getLong(0), attributes(body, 40));
    }

    static FileAttributesSeen attributes(ByteBuffer body, int at) {
        return new FileAttributesSeen(
                body.getLong(at), body.getLong(at + 8), body.getLong(at + 32), body.getInt(at + 60), body.getInt(at + 64), body.getInt(at + 68));
    }

    long find(String... path) {
        long node = InodeTable.ROOT;
        for (String name : path) {
            node = entry(lookup(node, name).ok().body()).node();
        }
        return node;
    }

    FileAttributesSeen getattr(long node) {
        return attributes(call(FuseOpcode.GETATTR, node, body(16)).ok().body(), 16);
    }

    Answer mkdir(long folder, String name) {
        return named(FuseOpcode.MKDIR, folder, body(8).putInt(0755), name);
    }

    Answer symlink(long folder, String name, String target) {
        return named(FuseOpcode.SYMLINK, folder, body(0), name, target);
    }

    Answer create(long folder, String name, int flags, int mode) {
        return named(FuseOpcode.CREATE, folder, body(16).putInt(flags).putInt(mode), name);
    }

    /** Creates and returns the handle. */
    long created(long folder, String name) {
        return create(folder, name, O_RDWR, 0644).ok().body().getLong(128);
    }

    Answer open(long node, int flags) {
        return call(FuseOpcode.OPEN, node, body(8).putInt(flags));
    }

    Answer rename(long folder, String name, long toFolder, String toName, int flags) {
        return named(FuseOpcode.RENAME2, folder, body(16).putLong(toFolder).putInt(flags), name, toName);
    }

    Answer write(long node, long handle, long offset, byte[] data) {
        ByteBuffer request = body(40 + data.length).putLong(handle).putLong(offset).putInt(data.length);
        request.position(40).put(data);
        return call(FuseOpcode.WRITE, node, request);
    }

    byte[] read(long node, long handle, long offset, int size) {
        ByteBuffer body = call(FuseOpcode.READ, node, body(40).putLong(handle).putLong(offset).putInt(size)).ok().body();
        byte[] bytes = new byte[body.remaining()];
        body.get(bytes);
        return bytes;
    }

    Answer release(long node, long handle) {
        return call(FuseOpcode.RELEASE, node, body(24).putLong(handle));
    }

    Answer remove(FuseOpcode how, long folder, String name) {
        return named(how, folder, body(0), name);
    }

    void forget(long node, long count) {
        call(FuseOpcode.FORGET, node, body(8).putLong(count));
    }

    Answer setattr(long node, int valid, long size, int mode, int uid) {
        ByteBuffer request = body(88).putInt(0, valid).putLong(16, size).putInt(68, mode).putInt(76, uid);
        request.putLong(32, 86_400).putLong(40, 172_800);
        return call(FuseOpcode.SETATTR, node, request);
    }

    /** Lists a folder in answers of a given size. */
    List<Listed> list(long node, int room, boolean plus) {
        long handle = call(FuseOpcode.OPENDIR, node, body(8)).ok().body().getLong(0);
        List<Listed> all = new ArrayList<>();
        long offset = 0;
        while (true) {
            ByteBuffer body = call(
                            plus ? FuseOpcode.READDIRPLUS : FuseOpcode.READDIR,
                            node,
                            body(40).putLong(handle).putLong(offset).putInt(room))
                    .ok()
                    .body();
            if (!body.hasRemaining()) {
                call(FuseOpcode.RELEASEDIR, node, body(24).putLong(handle)).ok();
                return all;
            }
            while (body.hasRemaining()) {
                if (plus) {
                    body.position(body.position() + 128);
                }
                long inode = body.getLong();
                offset = body.getLong();
                byte[] name = new byte[body.getInt()];
                int type = body.getInt();
                body.get(name);
                body.position(body.position() + (-name.length & 7));
                all.add(new Listed(new String(name, StandardCharsets.UTF_8), inode, type));
            }
        }
    }

    @Override
    public void close() throws Exception {
        server.share().close();
        chains.close();
    }
}
