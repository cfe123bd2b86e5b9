#include "support/certificates.hpp"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "support/catch.hpp"

using namespace holdfast::support;
using namespace std::chrono_literals;

namespace {

X509* parse(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return certificate;
}

// What OpenSSL says of a certificate: X509_V_OK or why not.
int verdict(const std::string& ca, const std::string& certificate, const std::string& revocation_list = {}) {
  X509_STORE* store = X509_STORE_new();
  X509* trusted = parse(ca);
  X509* shown = parse(certificate);
  X509_STORE_add_cert(store, trusted);
  if (!revocation_list.empty()) {
    BIO* bio = BIO_new_mem_buf(revocation_list.data(), static_cast<int>(revocation_list.size()));
    X509_CRL* list = PEM_read_bio_X509_CRL(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    X509_STORE_add_crl(store, list);
    X509_CRL_free(list);
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
  }
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store, shown, nullptr);
  X509_verify_cert(context);
  const int error = X509_STORE_CTX_get_error(context);
  X509_STORE_CTX_free(context);
  X509_free(shown);
  X509_free(trusted);
  X509_STORE_free(store);
  return error;
}

}  // namespace

TEST_CASE("an authority's certificates are as good or as bad as they were asked for",
          "[support][certificates]") {
  CertificateAuthority authority;
  CertificateAuthority stranger("Another CA");
  const Certificate good = authority.issue(for_this_machine());
  CertificateRequest old = for_this_machine();
  old.valid_until = -60s;
  CertificateRequest future = for_this_machine();
  future.valid_from = 60s;
  CHECK(verdict(authority.pem(), good.certificate) == X509_V_OK);
  CHECK(verdict(stranger.pem(), good.certificate) == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  CHECK(verdict(authority.pem(), authority.issue(old).certificate) == X509_V_ERR_CERT_HAS_EXPIRED);
  CHECK(verdict(authority.pem(), authority.issue(future).certificate) == X509_V_ERR_CERT_NOT_YET_VALID);
  CHECK(verdict(authority.pem(), self_signed(for_this_machine()).certificate) ==
        X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
  const Certificate other = authority.issue(for_this_machine());
  const std::string list = authority.revocation_list({good});
  CHECK(verdict(authority.pem(), good.certificate, list) == X509_V_ERR_CERT_REVOKED);
  CHECK(verdict(authority.pem(), other.certificate, list) == X509_V_OK);
}

TEST_CASE("an encrypted key says so", "[support][certificates]") {
  const Certificate made = self_signed({});
  CHECK(encrypted_key(made.key, "secret").find("BEGIN ENCRYPTED PRIVATE KEY") != std::string::npos);
  CHECK(encrypted_key(made.key, "secret", KeyFormat::traditional).find("Proc-Type: 4,ENCRYPTED") !=
        std::string::npos);
}
