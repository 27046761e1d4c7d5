package dev.quoll.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** The host's refusals in words: the JDK's file exceptions carry a bare path as their message. */
final class HostErrors {
    private HostErrors() {}

    /** Why, without a full stop. */
    static String reason(IOException exception) {
        return switch (exception) {
            case AccessDeniedException _ -> "permission denied";
            case NoSuchFileException _ -> "no such file or folder";
            case FileSystemException file when file.getReason() != null -> file.getReason();
            default -> exception.getMessage() == null ? exception.getClass().getSimpleName() : exception.getMessage();
        };
    }
}
