package dev.quoll.devices.console;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;

/** A port whose output goes into a file of the host; it has no input. A file that is there is written anew. */
public final class FileEnd implements PortEnd {
    private final FileChannel file;
    private final Consumer<String> notices;
    private volatile boolean failed;

    /**
     * @param notices told once when the file cannot be written any more
     * @throws IOException when it cannot be opened; one sentence
     */
    public FileEnd(Path path, Consumer<String> notices) throws IOException {
        this.notices = notices;
        try {
            file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        } catch (IOException e) {
            throw new IOException("the port's file %s cannot be written".formatted(path), e);
        }
    }

    @Override
    public void start(Runnable changed) {
        // Nothing ever changes.
    }

    @Override
    public boolean connected() {
        return !failed;
    }

    @Override
    public int read(byte[] target, int start, int count) {
        return 0;
    }

    @Override
    public int write(byte[] source, int start, int count) {
        try {
            return file.write(ByteBuffer.wrap(source, start, count));
        } catch (IOException e) {
            failed = true;
            notices.accept("a port's file cannot be written any more: " + e.getMessage());
            return count;
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
