package storage

import (
	"testing"

	"mayfly/storage/storagetest"
)

func TestSQLiteKeepsTheContract(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Engine { return newNode(t).Store })
}
