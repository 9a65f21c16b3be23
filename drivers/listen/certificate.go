package listen

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// certified is the only name in a certificate of NewCertificate: who has the key is the server, wherever it runs.
const certified = "assay"

// NewCertificate makes a certificate that vouches for itself, with its key, as PEM: for both ends of connections between
// programs that share the file. It holds for ten years.
func NewCertificate() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	now := time.Now()
	c := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: certified}, DNSNames: []string{certified},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(10, 0, 0), IsCA: true, BasicConstraintsValid: true, // clocks differ
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...), nil
}

// ClientTLS connects, with a certificate of NewCertificate, to a server that has the same one, and to no other. Protocols are
// for ALPN.
func ClientTLS(pair []byte, protocols ...string) (*tls.Config, error) {
	c, roots, err := parse(pair)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{c}, RootCAs: roots, ServerName: certified, NextProtos: protocols, MinVersion: tls.VersionTLS12}, nil
}

// ServerTLS accepts clients that have the same certificate of NewCertificate, and no others.
func ServerTLS(pair []byte) (*tls.Config, error) {
	c, roots, err := parse(pair)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{c}, ClientCAs: roots, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}, nil
}

func parse(pair []byte) (tls.Certificate, *x509.CertPool, error) {
	c, err := tls.X509KeyPair(pair, pair)
	roots := x509.NewCertPool()
	if err == nil && !roots.AppendCertsFromPEM(pair) {
		err = errors.New("there is no certificate in it")
	}
	if err != nil {
		return c, nil, fmt.Errorf("reading a certificate: %w", err)
	}
	return c, roots, nil
}
