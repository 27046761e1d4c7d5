package dev.quoll.boot.kit;

/** Hears how far a fetch has come. Called on the fetching thread and on one other; must be quick. */
@FunctionalInterface
public interface Progress {
    /** A progress that nobody watches. */
    Progress NONE = (step, done, total) -> { };

    /**
     * @param step what is being done, in words for the user: "Downloading linux-image-..."
     * @param done bytes so far, 0 when a step begins
     * @param total bytes in all, 0 when not known
     */
    void report(String step, long done, long total);
}
