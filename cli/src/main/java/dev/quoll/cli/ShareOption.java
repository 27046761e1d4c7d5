package dev.quoll.cli;

import dev.quoll.boot.VirtioSource;
import dev.quoll.devices.share.Ownership;
import dev.quoll.devices.share.VirtioFs;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.ProviderNotFoundException;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A folder for the guest as {@code --share} says it. */
record ShareOption(Path folder, String tag, boolean readOnly, Ownership ownership) {
    static final String SYNTAX = "DIR[,tag=TAG][,readonly][,owner=host|UID:GID]";

    private static final String NAME = "--share";
    private static final String READ_ONLY = "readonly";
    private static final Pattern IDS = Pattern.compile("(\\d{1,9}):(\\d{1,9})");

    /**
     * @param number of the share, from 0
     * @throws IllegalArgumentException with a sentence
     */
    static ShareOption parse(String text, int number) {
        OptionWords words = new OptionWords(NAME, text, true, Set.of("tag", "owner"));
        boolean readOnly = words.flags(Set.of(READ_ONLY)).contains(READ_ONLY);
        String tag = words.text("tag").orElse("share" + number);
        VirtioFs.requireTag(tag);
        try {
            return new ShareOption(
                    Path.of(words.first()),
                    tag,
                    readOnly,
                    words.text("owner").map(ShareOption::ownership).orElse(Ownership.ROOT));
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("%s: \"%s\" is no file name here".formatted(NAME, words.first()), e);
        }
    }

    private static Ownership ownership(String text) {
        if (text.equals("host")) {
            return Ownership.HOST;
        }
        Matcher ids = IDS.matcher(text);
        if (!ids.matches()) {
            throw new IllegalArgumentException("%s: owner is host or two numbers such as 1000:1000, not \"%s\"".formatted(NAME, text));
        }
        return new Ownership(false, Integer.parseInt(ids.group(1)), Integer.parseInt(ids.group(2)));
    }

    /** @param number of the share, from 0 */
    VirtioSource source(int number) {
        return (machine, _) -> {
            boolean archive = Files.isRegularFile(folder);
            Path root = folder;
            if (archive) {
                FileSystem files = archive(folder);
                machine.closeWith(files);
                root = files.getPath("/");
            }
            VirtioFs device = new VirtioFs("share" + number, tag, root, readOnly || archive, ownership, machine.memory());
            machine.closeWith(device);
            return device;
        };
    }

    /** A zip file is shared as the folder that is in it. */
    private static FileSystem archive(Path file) throws IOException {
        try {
            return FileSystems.newFileSystem(file, Map.of("accessMode", "readOnly"));
        } catch (ProviderNotFoundException e) {
            throw new IOException("the file to share, %s, is neither a folder nor a zip file".formatted(file), e);
        }
    }
}
