package dev.quoll.cli;

import picocli.CommandLine;

/** The version, from the module descriptor that the build stamped. */
final class VersionSource implements CommandLine.IVersionProvider {
    static String version() {
        return Main.class.getModule().getDescriptor() == null
                ? "unknown (not run as a module)"
                : Main.class.getModule().getDescriptor().rawVersion().orElse("unknown");
    }

    @Override
    public String[] getVersion() {
        return new String[] {
            "quoll " + version(),
            "Java %s (%s), %s %s"
                    .formatted(
                            Runtime.version(),
                            System.getProperty("java.vm.name"),
                            System.getProperty("os.name"),
                            System.getProperty("os.arch"))
        };
    }
}
