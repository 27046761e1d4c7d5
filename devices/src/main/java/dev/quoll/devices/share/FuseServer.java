package dev.quoll.devices.share;

import dev.quoll.bindings.Errno;
import dev.quoll.devices.virtio.DescriptorChain;
import java.io.IOException;

/**
 * The server's side of a FUSE session: takes requests one after the other and answers them. What a driver may send in what order is
 * checked here; a request that makes no sense gets an error number.
 */
final class FuseServer {
    /** Version of the protocol that is spoken here; the driver uses what both know. */
    private static final int MAJOR = 7;

    private static final int MINOR = 31;
    /** Flags of FUSE_INIT that are taken when offered. */
    private static final int ASYNC_READ = 1;

    private static final int ATOMIC_O_TRUNC = 1 << 3;
    private static final int BIG_WRITES = 1 << 5;
    private static final int AUTO_INVAL_DATA = 1 << 12;
    private static final int DO_READDIRPLUS = 1 << 13;
    private static final int READDIRPLUS_AUTO = 1 << 14;
    private static final int PARALLEL_DIROPS = 1 << 18;
    private static final int MAX_PAGES = 1 << 22;
    /** Kept by showing and storing no set-ID bits at all; spares the driver a question before each write. */
    private static final int HANDLE_KILLPRIV_V2 = 1 << 28;

    private static final int WANTED = ASYNC_READ
            | ATOMIC_O_TRUNC
            | BIG_WRITES
            | AUTO_INVAL_DATA
            | DO_READDIRPLUS
            | READDIRPLUS_AUTO
            | PARALLEL_DIROPS
            | MAX_PAGES
            | HANDLE_KILLPRIV_V2;
    private static final int PAGE = 4096;
    private static final int MAX_BACKGROUND = 64;

    private final Share share;
    private final boolean readOnly;
    private final AttributeRequests attributes;
    private final NameRequests names;
    private final FileRequests files;
    private final FolderRequests folders;
    private final FuseRequest request = new FuseRequest();
    private final FuseReply reply = new FuseReply();
    private boolean initialised;

    FuseServer(Share share, boolean readOnly) {
        this.share = share;
        this.readOnly = readOnly;
        attributes = new AttributeRequests(share);
        names = new NameRequests(share, attributes);
        files = new FileRequests(share, attributes);
        folders = new FolderRequests(share);
    }

    Share share() {
        return share;
    }

    boolean initialised() {
        return initialised;
    }

    void setInitialised(boolean value) {
        initialised = value;
    }

    /** Serves the request of a chain; the answer is in it afterwards. */
    void serve(DescriptorChain chain) {
        boolean whole = request.takeFrom(chain);
        boolean answerable = chain.writableLength() >= FuseReply.HEADER;
        if (!whole) {
            if (answerable) {
                reply.sendError(chain, 0, Errno.EINVAL);
            }
            return;
        }
        reply.begin(chain.writableLength());
        FuseOpcode opcode = FuseOpcode.of(request.opcode());
        Errno error = opcode == null ? Errno.ENOSYS : outcome(opcode);
        if (!answerable || opcode != null && !opcode.hasReply()) {
            return;
        }
        if (error == null) {
            reply.send(chain, request.unique());
        } else {
            reply.sendError(chain, request.unique(), error);
        }
    }

    /** Does what a request asks. @return null when it went well */
    private Errno outcome(FuseOpcode opcode) {
        try {
            if (!initialised && opcode != FuseOpcode.INIT) {
                return Errno.EIO;
            }
            if (readOnly && opcode.changes()) {
                return Errno.EROFS;
            }
            dispatch(opcode);
            return null;
        } catch (IOException e) {
            return HostErrors.of(e);
        } catch (RuntimeException e) {
            return HostErrors.of(e);
        }
    }

    private void dispatch(FuseOpcode opcode) throws IOException {
        switch (opcode) {
            case INIT -> init();
            case DESTROY -> reset();
            case LOOKUP -> names.lookup(request, reply);
            case FORGET -> names.forget(request);
            case BATCH_FORGET -> names.batchForget(request);
            case READLINK -> names.readlink(request, reply);
            case SYMLINK -> names.symlink(request, reply);
            case MKNOD -> names.mknod(request, reply);
            case MKDIR -> names.mkdir(request, reply);
            case UNLINK -> names.unlink(request);
            case RMDIR -> names.rmdir(request);
            case RENAME -> names.rename(request);
            case RENAME2 -> names.rename2(request);
            case LINK -> names.link(request, reply);
            case GETATTR -> attributes.getattr(request, reply);
            case SETATTR -> attributes.setattr(request, reply);
            case ACCESS -> attributes.access(request);
            case STATFS -> attributes.statfs(reply);
            case GETXATTR -> attributes.getxattr(request, reply);
            case LISTXATTR -> attributes.listxattr(request, reply);
            case SETXATTR -> attributes.setxattr(request);
            case REMOVEXATTR -> attributes.removexattr(request);
            case OPEN -> files.open(request, reply, readOnly);
            case CREATE -> files.create(request, reply);
            case READ -> files.read(request, reply);
            case WRITE -> files.write(request, reply);
            case FLUSH -> files.flush(request);
            case RELEASE -> files.release(request);
            case FSYNC -> files.fsync(request);
            case LSEEK -> files.lseek(request, reply);
            case COPY_FILE_RANGE -> files.copyFileRange(request, reply);
            case OPENDIR -> folders.opendir(request, reply);
            case READDIR -> folders.readdir(request, reply, false);
            case READDIRPLUS -> folders.readdir(request, reply, true);
            case RELEASEDIR -> folders.releasedir(request);
            case FSYNCDIR -> folders.fsyncdir(request);
            // Java has no fallocate(2); C libraries fall back to writing.
            case FALLOCATE -> throw new FuseException(Errno.EOPNOTSUPP);
            // Requests are served in order, so none that could be interrupted is still waiting.
            case INTERRUPT -> throw new FuseException(Errno.ENOSYS);
        }
    }

    private void init() throws IOException {
        int major = request.u32();
        request.u32();
        int readAhead = request.u32();
        int offered = request.u32();
        if (major < MAJOR) {
            throw new FuseException(Errno.EPROTO);
        }
        if (major > MAJOR) {
            // The driver asks again with our version.
            reply.u32(MAJOR).u32(MINOR).zeroes(56);
            return;
        }
        reset();
        initialised = true;
        reply.u32(MAJOR).u32(MINOR).u32(readAhead).u32(offered & WANTED);
        reply.u16(MAX_BACKGROUND).u16(MAX_BACKGROUND * 3 / 4).u32(FuseRequest.MAX_DATA);
        reply.u32(1).u16(FuseRequest.MAX_DATA / PAGE).u16(0).u32(0).zeroes(28);
    }

    /** Ends the session. */
    void reset() throws IOException {
        initialised = false;
        share.clear();
    }
}
