"""Conan 2 recipe. In a checkout: conan create docs/packaging/conan --build=missing"""

import os

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy


class HoldfastConan(ConanFile):
    name = "holdfast"
    version = "0.1.0"
    license = "Apache-2.0"
    description = "MQTT client library that does not lose data"
    topics = ("mqtt", "iot", "messaging")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "shared": [True, False],
        "tls": [True, False],
        "websocket": [True, False],
        "sqlite": [True, False],
    }
    default_options = {
        "shared": False,
        "tls": True,
        "websocket": True,
        "sqlite": True,
        "mbedtls/*:enable_threading": True,  # Without it there is no TLS 1.3.
    }

    @property
    def _checkout(self):
        return os.path.normpath(os.path.join(self.recipe_folder, "..", "..", ".."))

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "CHANGELOG.md", "include/*", "lib/*"):
            copy(self, pattern, src=self._checkout, dst=self.export_sources_folder)

    def requirements(self):
        # Part of the interface: Options::logger.
        self.requires("spdlog/[>=1.10 <2]", transitive_headers=True, transitive_libs=True)
        if self.options.tls or self.options.websocket:
            self.requires("mbedtls/[>=2.28 <4]")
        if self.options.websocket:
            self.requires("wslay/[>=1.1 <2]")
        if self.options.sqlite:
            self.requires("sqlite3/[>=3.37 <4]")

    def validate(self):
        check_min_cppstd(self, 20)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["HOLDFAST_BUILD_SAMPLES"] = False
        toolchain.cache_variables["HOLDFAST_TLS"] = bool(self.options.tls)
        toolchain.cache_variables["HOLDFAST_WEBSOCKET"] = bool(self.options.websocket)
        toolchain.cache_variables["HOLDFAST_SQLITE"] = bool(self.options.sqlite)
        toolchain.generate()
        deps = CMakeDeps(self)
        # In the place of Holdfast's own FindMbedTLS.cmake and FindWslay.cmake.
        deps.set_property("mbedtls", "cmake_find_mode", "both")
        deps.set_property("wslay", "cmake_find_mode", "both")
        deps.set_property("wslay", "cmake_file_name", "Wslay")
        deps.set_property("wslay", "cmake_target_name", "Wslay::wslay")
        deps.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build(target="holdfast_shared" if self.options.shared else "holdfast_static")

    def package(self):
        copy(self, "LICENSE", src=self.source_folder, dst=os.path.join(self.package_folder, "licenses"))
        copy(self, "*.hpp", src=os.path.join(self.source_folder, "include"),
             dst=os.path.join(self.package_folder, "include"))
        pattern = "libholdfast.so*" if self.options.shared else "libholdfast.a"
        copy(self, pattern, src=os.path.join(self.build_folder, "lib"),
             dst=os.path.join(self.package_folder, "lib"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "holdfast")
        self.cpp_info.set_property("cmake_target_name", "holdfast::holdfast")
        self.cpp_info.set_property("pkg_config_name", "holdfast")
        self.cpp_info.libs = ["holdfast"]
        self.cpp_info.system_libs = ["pthread"]
