#include "support/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <fstream>
#include <stdexcept>

namespace holdfast::support {
namespace {

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const noexcept {
    release(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using X509Pointer = std::unique_ptr<X509, Release<X509_free>>;
using Crl = std::unique_ptr<X509_CRL, Release<X509_CRL_free>>;
using Bio = std::unique_ptr<BIO, Release<BIO_free_all>>;
using Serial = std::unique_ptr<ASN1_INTEGER, Release<ASN1_INTEGER_free>>;
using Time = std::unique_ptr<ASN1_TIME, Release<ASN1_TIME_free>>;

void require(bool held, const char* what) {
  if (!held) throw std::runtime_error(std::string("certificates: ") + what + " failed");
}

Key new_key() {
  Key key(EVP_EC_gen("P-256"));
  require(key != nullptr, "EVP_EC_gen");
  return key;
}

std::string text_of(const Bio& bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Bio empty_bio() {
  return Bio(BIO_new(BIO_s_mem()));
}

Bio bio_of(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string pem_of(X509* certificate) {
  const Bio bio = empty_bio();
  require(PEM_write_bio_X509(bio.get(), certificate) == 1, "PEM_write_bio_X509");
  return text_of(bio);
}

std::string pem_of(EVP_PKEY* key) {
  const Bio bio = empty_bio();
  require(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "PEM_write_bio_PrivateKey");
  return text_of(bio);
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  require(extension != nullptr, "X509V3_EXT_conf_nid");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

std::string alternative_names(const CertificateRequest& request) {
  std::string names;
  for (const std::string& name : request.dns_names)
    names += (names.empty() ? "DNS:" : ",DNS:") + name;
  for (const std::string& address : request.ip_addresses)
    names += (names.empty() ? "IP:" : ",IP:") + address;
  return names;
}

// Without its issuer, extensions and signature.
X509Pointer begin_certificate(const CertificateRequest& request, EVP_PKEY* key) {
  X509Pointer made(X509_new());
  X509_set_version(made.get(), X509_VERSION_3);
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.get()), (serial >> 1) | 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), static_cast<long>(request.valid_from.count()));
  X509_gmtime_adj(X509_getm_notAfter(made.get()), static_cast<long>(request.valid_until.count()));
  X509_set_pubkey(made.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(request.common_name.c_str()), -1, -1, 0);
  return made;
}

void add_usage(X509* certificate, X509* issuer, const CertificateRequest& request) {
  add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE");
  const char* usage = request.usage == CertificateUsage::server   ? "serverAuth"
                      : request.usage == CertificateUsage::client ? "clientAuth"
                                                                  : "serverAuth,clientAuth";
  add_extension(certificate, issuer, NID_ext_key_usage, usage);
  const std::string names = alternative_names(request);
  if (!names.empty()) add_extension(certificate, issuer, NID_subject_alt_name, names);
}

X509Pointer parse_certificate(const std::string& pem) {
  X509Pointer parsed(PEM_read_bio_X509(bio_of(pem).get(), nullptr, nullptr, nullptr));
  require(parsed != nullptr, "PEM_read_bio_X509");
  return parsed;
}

}  // namespace

struct CertificateAuthority::State {
  Key key;
  X509Pointer certificate;
};

CertificateRequest for_this_machine() {
  CertificateRequest request;
  request.dns_names = {"localhost"};
  request.ip_addresses = {"127.0.0.1", "::1"};
  return request;
}

CertificateAuthority::CertificateAuthority(const std::string& common_name)
    : state_(std::make_unique<State>()) {
  state_->key = new_key();
  CertificateRequest request;
  request.common_name = common_name;
  state_->certificate = begin_certificate(request, state_->key.get());
  X509* own = state_->certificate.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
  require(X509_sign(own, state_->key.get(), EVP_sha256()) != 0, "X509_sign");
}

CertificateAuthority::~CertificateAuthority() = default;
CertificateAuthority::CertificateAuthority(CertificateAuthority&&) noexcept = default;
CertificateAuthority& CertificateAuthority::operator=(CertificateAuthority&&) noexcept = default;

std::string CertificateAuthority::pem() const {
  return pem_of(state_->certificate.get());
}

Certificate CertificateAuthority::issue(const CertificateRequest& request) {
  const Key key = new_key();
  const X509Pointer made = begin_certificate(request, key.get());
  X509_set_issuer_name(made.get(), X509_get_subject_name(state_->certificate.get()));
  add_usage(made.get(), state_->certificate.get(), request);
  require(X509_sign(made.get(), state_->key.get(), EVP_sha256()) != 0, "X509_sign");
  return {pem_of(made.get()), pem_of(key.get())};
}

std::string CertificateAuthority::revocation_list(const std::vector<Certificate>& revoked) const {
  const Crl list(X509_CRL_new());
  X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(state_->certificate.get()));
  const Time before(X509_gmtime_adj(nullptr, -3600));
  const Time after(X509_gmtime_adj(nullptr, 24 * 3600));
  X509_CRL_set1_lastUpdate(list.get(), before.get());
  X509_CRL_set1_nextUpdate(list.get(), after.get());
  for (const Certificate& one : revoked) {
    const X509Pointer certificate = parse_certificate(one.certificate);
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate.get()));
    X509_REVOKED_set_revocationDate(entry, before.get());
    X509_CRL_add0_revoked(list.get(), entry);
  }
  X509_CRL_sort(list.get());
  require(X509_CRL_sign(list.get(), state_->key.get(), EVP_sha256()) != 0, "X509_CRL_sign");
  const Bio bio = empty_bio();
  require(PEM_write_bio_X509_CRL(bio.get(), list.get()) == 1, "PEM_write_bio_X509_CRL");
  return text_of(bio);
}

Certificate self_signed(const CertificateRequest& request) {
  const Key key = new_key();
  const X509Pointer made = begin_certificate(request, key.get());
  X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
  add_usage(made.get(), made.get(), request);
  require(X509_sign(made.get(), key.get(), EVP_sha256()) != 0, "X509_sign");
  return {pem_of(made.get()), pem_of(key.get())};
}

std::string encrypted_key(const std::string& key_pem, const std::string& password, KeyFormat format) {
  const Key key(PEM_read_bio_PrivateKey(bio_of(key_pem).get(), nullptr, nullptr, nullptr));
  require(key != nullptr, "PEM_read_bio_PrivateKey");
  const Bio bio = empty_bio();
  const auto* secret = reinterpret_cast<const unsigned char*>(password.data());
  const int size = static_cast<int>(password.size());
  const auto write =
      format == KeyFormat::pkcs8 ? PEM_write_bio_PrivateKey : PEM_write_bio_PrivateKey_traditional;
  require(write(bio.get(), key.get(), EVP_aes_256_cbc(), secret, size, nullptr, nullptr) == 1,
          "writing an encrypted key");
  return text_of(bio);
}

std::string write_file(const std::filesystem::path& path, const std::string& text) {
  const std::filesystem::path beside = path.string() + ".new";
  std::ofstream(beside, std::ios::binary) << text;
  std::filesystem::rename(beside, path);
  return path.string();
}

}  // namespace holdfast::support
