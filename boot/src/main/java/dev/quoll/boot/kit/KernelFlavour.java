package dev.quoll.boot.kit;

/** Stock Debian kernels that the kit can fetch. */
public enum KernelFlavour {
    /** For virtual machines: few drivers, quick to boot. The default. */
    CLOUD("linux-image-cloud-amd64"),
    /** The general kernel. */
    AMD64("linux-image-amd64"),
    /** With the PREEMPT_RT patches. */
    RT("linux-image-rt-amd64"),
    /** The 32-bit installer of Debian 12, with its own initial ramdisk. */
    INSTALLER_I386("debian-installer-12-netboot-i386"),
    /** The 64-bit installer of Debian 12, with its own initial ramdisk. */
    INSTALLER_AMD64("debian-installer-12-netboot-amd64");

    private final String packageName;

    KernelFlavour(String packageName) {
        this.packageName = packageName;
    }

    /** The Debian package that brings this kernel, or that depends on the one that does. */
    public String packageName() {
        return packageName;
    }
}
