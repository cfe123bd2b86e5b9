SUMMARY = "MQTT client library that does not lose data, and its command-line tools"
LICENSE = "Apache-2.0"
# Of the LICENSE in the sources: md5sum LICENSE
LIC_FILES_CHKSUM = "file://LICENSE;md5=3b83ef96387f14655fc854ddc3c6bd57"

# The sources of a release, from where you keep them: HOLDFAST_URI = "git://...;protocol=https;branch=main;destsuffix=${BP}" and SRCREV, or
# a tarball and its checksum.
HOLDFAST_URI ??= "file://holdfast-${PV}.tar.gz"
SRC_URI = "${HOLDFAST_URI}"

# Of meta-oe: spdlog, cli11, nlohmann-json. Of meta-networking: mbedtls.
DEPENDS = "spdlog"

inherit cmake pkgconfig

PACKAGECONFIG ??= "sqlite tls"
PACKAGECONFIG[sqlite] = "-DHOLDFAST_SQLITE=ON,-DHOLDFAST_SQLITE=OFF,sqlite3"
PACKAGECONFIG[tls] = "-DHOLDFAST_TLS=ON,-DHOLDFAST_TLS=OFF,mbedtls"
# Needs a recipe of wslay, which neither openembedded-core nor meta-openembedded has.
PACKAGECONFIG[websocket] = "-DHOLDFAST_WEBSOCKET=ON,-DHOLDFAST_WEBSOCKET=OFF,wslay mbedtls"
PACKAGECONFIG[tools] = "-DHOLDFAST_BUILD_SAMPLES=ON,-DHOLDFAST_BUILD_SAMPLES=OFF,cli11 nlohmann-json"

EXTRA_OECMAKE = "-DBUILD_SHARED_LIBS=ON"

PACKAGES =+ "${PN}-tools"
FILES:${PN}-tools = "${bindir}/holdfast_* ${datadir}/bash-completion ${datadir}/zsh"

# holdfastTargets.cmake names both libraries.
RDEPENDS:${PN}-dev:append:class-target = " ${PN}-staticdev (= ${EXTENDPKGV})"

# pkg-config puts the sysroot before an absolute prefix alone.
do_install:append:class-target() {
    sed -i 's,^prefix=.*,prefix=${prefix},' ${D}${libdir}/pkgconfig/holdfast.pc
}

BBCLASSEXTEND = "native"
